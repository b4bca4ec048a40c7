"""Links that let a person in: an invitation, a new password. Each is good once, and not for long.

A link's token is signed by the ring and says nothing but the link's number, so that neither the database
nor a mail kept there can open an account. Ages are told by real time, never by a virtual clock. Each
function works in the caller's transaction.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Forbidden, Invalid, NotFound
from nurture.flows import passwords
from nurture.flows import users as accounts
from nurture.flows.queue_mail import NOTICE, queue_service_mail
from nurture.flows.users import SignedIn, clean_address
from nurture.rules.tokens import KeyRing, read
from nurture.rules.user_links import INVITE, RESET
from nurture.rules.words import _
from nurture.store import deliveries, transport_states, user_links, users
from nurture.store.audit import audit
from nurture.store.user_links import UserLink
from nurture.store.users import User

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=24)
# What one asked for oneself is at hand: a mail that lies about for a day is a risk.
FORGOTTEN_LASTS = timedelta(hours=1)


def invite(
    session: Session, email: str, name: str, role: str, *, by: str, now: datetime, real: datetime
) -> UserLink:
    """Invite somebody; an earlier invitation of this address ends. Raises Invalid (all faults) or Conflict
    (a user already)."""
    address = clean_address(email)
    accounts.refuse(accounts.user_faults(address, name, role))
    if users.by_email(session, address):
        raise Conflict(_("There is already a user with this e-mail address."))
    link = _fresh(session, INVITE, address, INVITATION_LASTS, by=by, real=real, name=name.strip(), role=role)
    audit(session, by, "invitation.made", f"invitation:{link.id}", now=now, detail={"role": [None, role]})
    return link


def invite_again(session: Session, link_id: int, *, by: str, now: datetime, real: datetime) -> UserLink:
    """Another link for an invitation that waits; the one before opens nothing any more. Raises NotFound."""
    old = _invitation(session, link_id)
    if old.ended_at is not None:
        raise NotFound(_("There is no such invitation."))
    return invite(session, old.email, old.name, old.role, by=by, now=now, real=real)


def withdraw(session: Session, link_id: int, *, by: str, now: datetime, real: datetime) -> None:
    """Take an invitation back; its link opens nothing any more. Done twice it changes nothing."""
    link = _invitation(session, link_id)
    if link.ended_at is None:
        link.ended_at = real
        audit(session, by, "invitation.withdrawn", f"invitation:{link.id}", now=now)


def open_link(session: Session, ring: KeyRing, kind: str, token: str, *, real: datetime) -> UserLink:
    """The link behind a token, while it is good. Raises Forbidden with one sentence for every other case."""
    ids = read(ring, kind, token, 1)
    link = user_links.opening(session, ids[0], kind, real=real) if ids else None
    if link is None:
        raise Forbidden(_("This link is used up or too old. Ask for a new one."))
    return link


def accept(
    session: Session, ring: KeyRing, token: str, name: str, password: str, *, now: datetime, real: datetime
) -> SignedIn:
    """The invited person becomes a user. Raises Forbidden, Invalid or Conflict."""
    link = open_link(session, ring, INVITE, token, real=real)
    by = f"invitation:{link.id}"
    user_id = accounts.create_user(session, link.email, link.role, password, name=name, now=now, by=by)
    link.ended_at, link.user_id = real, user_id
    return SignedIn(user_id, 0)


def make_reset(session: Session, user_id: int, *, by: str, now: datetime, real: datetime) -> UserLink:
    """A link to a new password for this user, made by an administrator. Raises NotFound or Conflict."""
    user = accounts.one(session, user_id, lock=True)
    if user.disabled_at is not None:
        raise Conflict(_("This user is kept out: let them in first."))
    link = _fresh(session, RESET, user.email, RESET_LASTS, by=by, real=real, user=user)
    audit(session, by, "user.reset_link_made", f"user:{user.id}", now=now)
    return link


def forgot(session: Session, email: str, *, now: datetime, real: datetime) -> None:
    """Send a link to a new password, if this is the address of a user who may sign in. For any other address
    the same is done and taken back, so that neither answer nor time tells them apart."""
    user = users.by_email(session, clean_address(email))
    known = user is not None and user.disabled_at is None
    trial = session.begin_nested()
    address = user.email if user and known else f"{secrets.token_hex(8)}@nurture.example"
    link = _fresh(session, RESET, address, FORGOTTEN_LASTS, by="system", real=real, user=user)
    audit(session, "visitor", "user.reset_link_asked", f"user:{user.id}" if user else "user", now=now)
    send(session, link, now=now)
    if known:
        trial.commit()
    else:
        trial.rollback()


def reset(
    session: Session, ring: KeyRing, token: str, password: str, *, now: datetime, real: datetime
) -> None:
    """Set the new password; the user signs in with it, and with the second factor if there is one. Raises
    Forbidden or Invalid."""
    link = open_link(session, ring, RESET, token, real=real)
    user = session.get(User, link.user_id, with_for_update=True) if link.user_id else None
    if user is None or user.disabled_at is not None:
        raise Forbidden(_("This link is used up or too old. Ask for a new one."))
    if problem := passwords.problem(password):
        raise Invalid(problem, {"password": [problem]})
    link.ended_at = real
    accounts.set_password(session, user, password, by=f"user:{user.id}", now=now)


def send(session: Session, link: UserLink, *, now: datetime) -> None:
    """Send the link by service mail. The mail's row holds its number alone; `flows.letters` signs it."""
    queue_service_mail(
        session,
        link.kind,
        purpose=NOTICE,
        dedup_key=f"user_link:{link.id}",
        address=link.email,
        params={"user_link": link.id, "kind": link.kind, "name": link.name},
        now=now,
    )


def _invitation(session: Session, link_id: int) -> UserLink:
    link = session.get(UserLink, link_id, with_for_update=True)
    if link is None or link.kind != INVITE:
        raise NotFound(_("There is no such invitation."))
    return link


def _fresh(
    session: Session,
    kind: str,
    address: str,
    lasts: timedelta,
    *,
    by: str,
    real: datetime,
    user: User | None = None,
    name: str = "",
    role: str = "",
) -> UserLink:
    user_links.end(session, kind, address, real=real)
    link = UserLink(
        kind=kind,
        user_id=user.id if user else None,
        email=address,
        name=user.name if user else name,
        role=role,
        made_by=by,
        made_at=real,
        expires_at=real + lasts,
    )
    session.add(link)
    session.flush()
    return link


def mail_stands(session: Session, *, trial: bool) -> bool:
    """Whether a mail queued now would go out now: a sender is set (or none is needed, on `trial`), sending
    is not stopped and the last word of the mail server was a good one."""
    state = deliveries.sending(session)
    return not state.stopped and bool(state.sender_email or trial) and not transport_states.any_down(session)
