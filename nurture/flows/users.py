"""Users: made, signed in, changed. Each function works in the caller's transaction."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import passwords
from nurture.rules.words import _, languages
from nurture.store import installation as installations
from nurture.store import users
from nurture.store.audit import audit, changes
from nurture.store.users import ROLES, User

THEMES = ("", "light", "dark")
NAME_MOST = 200
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class SignedIn:
    """Whom a session stands for; `epoch` ends it when the password, role or second factor change.
    `needs_code`: the password is right, the second factor is still to come."""

    user_id: int
    epoch: int
    needs_code: bool = False


def create_user(
    session: Session, email: str, role: str, password: str, *, now: datetime, name: str = "", by: str = ""
) -> int:
    """Make a user; returns the id. `by` is the new user unless said. Raises Invalid (all faults) or Conflict
    (address taken)."""
    address = clean_address(email)
    faults = user_faults(address, name, role)
    if problem := passwords.problem(password):
        faults["password"] = [problem]
    refuse(faults)
    if users.by_email(session, address):
        raise Conflict(_("There is already a user with this e-mail address."))
    user = User(
        email=address,
        name=name.strip() or address.partition("@")[0],
        role=role,
        password_hash=passwords.hashed(password),
        created_at=now,
    )
    session.add(user)
    session.flush()
    thing = f"user:{user.id}"
    audit(session, by or thing, "user.created", thing, now=now, detail={"role": [None, role]})
    return user.id


def user_faults(address: str, name: str, role: str) -> dict[str, list[str]]:
    """What cannot be taken, by field. A name may be missing, but is one line."""
    faults: dict[str, list[str]] = {}
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        faults["email"] = [_("This is not an e-mail address.")]
    if len(name) > NAME_MOST or any(ord(character) < 32 for character in name):
        faults["name"] = [_("This must be one short line of plain text.")]
    if role not in ROLES:
        faults["role"] = [_("The role is one of admin, marketer, sales, viewer.")]
    return faults


def refuse(faults: dict[str, list[str]]) -> None:
    """Raise Invalid when there are any."""
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), faults)


def check_password(session: Session, email: str, password: str, *, now: datetime) -> SignedIn | None:
    """Who this is, or None, with the same work whether the address is known or not: one hash is checked and
    one line written either way. A hash with older parameters is made anew while the password is at hand."""
    user = users.by_email(session, clean_address(email))
    known = user is not None and user.disabled_at is None
    right = passwords.matches(user.password_hash if user else passwords.nobodys(), password)
    if not (user and known and right):
        audit(session, "visitor", "sign_in.failed", f"user:{user.id}" if user else "user", now=now)
        return None
    if passwords.outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return SignedIn(user.id, user.session_epoch, needs_code=user.totp_sealed is not None)


def is_password(session: Session, user_id: int, password: str, *, now: datetime) -> bool:
    """Whether this is the user's password, for one who is signed in and asked again."""
    right = passwords.matches(one(session, user_id).password_hash, password)
    if not right:
        audit(session, f"user:{user_id}", "sign_in.failed", f"user:{user_id}", now=now)
    return right


def change_password(session: Session, user_id: int, old: str, new: str, *, now: datetime) -> SignedIn:
    """Set a new password; every session of this user ends but the one that is given back."""
    user = one(session, user_id, lock=True)
    if not passwords.matches(user.password_hash, old):
        raise Invalid(
            _("The present password is not right."), {"old": [_("The present password is not right.")]}
        )
    if problem := passwords.problem(new):
        raise Invalid(problem, {"new": [problem]})
    return set_password(session, user, new, by=f"user:{user.id}", now=now)


def set_password(session: Session, user: User, new: str, *, by: str, now: datetime) -> SignedIn:
    """The new password of a user; every session before it ends."""
    user.password_hash = passwords.hashed(new)
    user.session_epoch += 1
    audit(session, by, "user.password_changed", f"user:{user.id}", now=now)
    return SignedIn(user.id, user.session_epoch)


def change_user(
    session: Session,
    user_id: int,
    *,
    role: str | None = None,
    disabled: bool | None = None,
    name: str | None = None,
    by: str,
    now: datetime,
) -> None:
    """Give a role or a name, let in or keep out; what is None stays. A new role and being kept out end every
    session of the user. The last administrator cannot be lost."""
    admins = users.active_admins(session)
    user = one(session, user_id, lock=True)
    role = user.role if role is None else role
    name = user.name if name is None else name.strip() or user.name
    disabled = user.disabled_at is not None if disabled is None else disabled
    refuse(user_faults(user.email, name, role))
    if admins == [user_id] and (disabled or role != "admin"):
        raise Conflict(_("This is the last administrator: make another one first."))
    before = _shown(user)
    if role != user.role or (disabled and user.disabled_at is None):
        user.session_epoch += 1
    user.role, user.name = role, name
    user.disabled_at = (user.disabled_at or now) if disabled else None
    if changed := changes(before, _shown(user)):
        audit(session, by, "user.changed", f"user:{user.id}", now=now, detail=changed)


def note_visit(session: Session, user_id: int, *, now: datetime) -> None:
    """The user is in: remember when."""
    one(session, user_id).last_seen_at = now
    audit(session, f"user:{user_id}", "sign_in.done", f"user:{user_id}", now=now)


def choose_theme(session: Session, user_id: int, theme: str) -> None:
    """How pages look for this user: light, dark, or as the system when empty."""
    if theme not in THEMES:
        raise Invalid(_("A theme is light or dark, or neither."))
    user = one(session, user_id, lock=True)
    user.preferences = {**user.preferences, "theme": theme}


def choose_sales_mails(session: Session, user_id: int, *, notices: bool, digest: bool) -> None:
    """Which mails about leads this user takes: as they come and as their time runs out, and the overview of
    each working morning."""
    user = one(session, user_id, lock=True)
    user.preferences = {**user.preferences, "sales_mails": notices, "digest": digest}


def sales_mails_of(user: User) -> dict[str, bool]:
    """Which mails about leads a user takes: `notices` and `digest`; everything until they say otherwise."""
    chosen = user.preferences
    return {"notices": bool(chosen.get("sales_mails", True)), "digest": bool(chosen.get("digest", True))}


def change_sales_mails(
    session: Session, user_id: int, *, notices: bool | None, digest: bool | None, by: str, now: datetime
) -> None:
    """The same for another user; what is None stays."""
    before = sales_mails_of(one(session, user_id, lock=True))
    said = {"notices": notices, "digest": digest}
    after = before | {name: value for name, value in said.items() if value is not None}
    choose_sales_mails(session, user_id, notices=after["notices"], digest=after["digest"])
    if changed := changes(before, after):
        audit(session, by, "user.changed", f"user:{user_id}", now=now, detail=changed)


def require_second_factor(session: Session, *, required: bool, by: str, now: datetime) -> None:
    """Whether administrators must use a second factor."""
    installation = installations.lock(session)
    if installation.admins_need_totp != required:
        installation.admins_need_totp = required
        detail = {"admins_need_totp": [not required, required]}
        audit(session, by, "installation.changed", "installation", now=now, detail=detail)


def one(session: Session, user_id: int, *, lock: bool = False) -> User:
    """The user; raises NotFound. Held until the transaction ends with `lock`."""
    user = session.get(User, user_id, with_for_update=lock or None, populate_existing=lock)
    if user is None:
        raise NotFound(_("There is no such user."))
    return user


def choose_language(session: Session, user_id: int, language: str) -> None:
    """In which language this user reads the pages: one of ours, or as the browser asks when empty."""
    if language and language not in languages():
        raise Invalid(_("There is no such language here."))
    user = one(session, user_id, lock=True)
    user.preferences = {**user.preferences, "language": language}


def clean_address(email: str) -> str:
    """How addresses of users are kept: trimmed, lower case, without what cannot be seen."""
    return "".join(letter for letter in email if letter.isprintable()).strip().lower()


def _shown(user: User) -> dict[str, Any]:
    """What the audit log may say of a user."""
    return {"role": user.role, "kept_out": user.disabled_at is not None}
