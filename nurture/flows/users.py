"""Users: made, signed in, changed. Each function works in the caller's transaction."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.rules.words import _
from nurture.store import users
from nurture.store.users import ROLES, User

PASSWORD_LEAST, PASSWORD_MOST = 10, 200
THEMES = ("", "light", "dark")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# argon2id with the parameters of RFC 9106 section 4 (second recommended option).
_HASHER = PasswordHasher()


@dataclass(frozen=True)
class SignedIn:
    """Whom a session stands for; `epoch` ends it when the password changes."""

    user_id: int
    epoch: int


def create_user(
    session: Session, email: str, role: str, password: str, *, now: datetime, name: str = ""
) -> int:
    """Make a user; returns the id. Raises Invalid (all faults) or Conflict (address taken)."""
    address = clean_address(email)
    faults: dict[str, list[str]] = {}
    if not _ADDRESS.fullmatch(address):
        faults["email"] = [_("This is not an e-mail address.")]
    if role not in ROLES:
        faults["role"] = [_("The role is one of admin, marketer, sales, viewer.")]
    if problem := password_problem(password):
        faults["password"] = [problem]
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), faults)
    if users.by_email(session, address):
        raise Conflict(_("There is already a user with this e-mail address."))
    user = User(
        email=address,
        name=name.strip() or address.partition("@")[0],
        role=role,
        password_hash=_HASHER.hash(password),
        created_at=now,
    )
    session.add(user)
    session.flush()
    users.audit(session, f"user:{user.id}", "user.created", f"user:{user.id}", now=now, detail={"role": role})
    return user.id


def password_problem(password: str) -> str | None:
    """One sentence about a password that cannot be taken; length alone counts (NIST SP 800-63B 3.1.1.2)."""
    if len(password) < PASSWORD_LEAST:
        return _("The password needs at least 10 characters.")
    if len(password) > PASSWORD_MOST:
        return _("The password is longer than 200 characters.")
    return None


def check_password(session: Session, email: str, password: str) -> SignedIn | None:
    """Who this is, or None, in the same time whether the address is known or not."""
    user = users.by_email(session, clean_address(email))
    known = user is not None and user.disabled_at is None
    right = _matches(user.password_hash if user else _nobodys_hash(), password[: PASSWORD_MOST + 1])
    return SignedIn(user.id, user.session_epoch) if user and known and right else None


def change_password(session: Session, user_id: int, old: str, new: str, *, now: datetime) -> SignedIn:
    """Set a new password; every session of this user ends but the one that is given back."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound(_("There is no such user."))
    if not _matches(user.password_hash, old):
        raise Invalid(
            _("The present password is not right."), {"old": [_("The present password is not right.")]}
        )
    if problem := password_problem(new):
        raise Invalid(problem, {"new": [problem]})
    user.password_hash = _HASHER.hash(new)
    user.session_epoch += 1
    users.audit(session, f"user:{user.id}", "user.password_changed", f"user:{user.id}", now=now)
    return SignedIn(user.id, user.session_epoch)


def change_user(session: Session, user_id: int, *, role: str, disabled: bool, by: str, now: datetime) -> None:
    """Give a role, let in or keep out. The last administrator cannot be lost."""
    if role not in ROLES:
        raise Invalid(_("The role is one of admin, marketer, sales, viewer."))
    admins = users.active_admins(session)
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound(_("There is no such user."))
    if admins == [user_id] and (disabled or role != "admin"):
        raise Conflict(_("This is the last administrator: make another one first."))
    user.role = role
    if disabled and user.disabled_at is None:
        user.session_epoch += 1
    user.disabled_at = (user.disabled_at or now) if disabled else None
    users.audit(
        session, by, "user.changed", f"user:{user.id}", now=now, detail={"role": role, "disabled": disabled}
    )


def note_visit(session: Session, user_id: int, *, now: datetime) -> None:
    """Remember when the user was last here, for "since you were last here"."""
    user = session.get(User, user_id)
    if user is not None:
        user.last_seen_at = now


def choose_theme(session: Session, user_id: int, theme: str) -> None:
    """How pages look for this user: light, dark, or as the system when empty."""
    if theme not in THEMES:
        raise Invalid(_("A theme is light or dark, or neither."))
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound(_("There is no such user."))
    user.preferences = {**user.preferences, "theme": theme}


def clean_address(email: str) -> str:
    """How addresses of users are kept: trimmed, lower case."""
    return email.strip().lower()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """What an unknown user's password is checked against, so that the answer takes as long."""
    return _HASHER.hash("nobody has this password")
