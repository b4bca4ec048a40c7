"""Keys of programs that call the API: made once, shown once, checked by hash.

A key reads `nk_<prefix>.<secret>`: the prefix finds the row, the SHA-256 of the secret proves it. The
secret has 256 random bits, so that a plain hash is enough (there is nothing to guess). A key may end by
itself: by real time, whatever a virtual clock says.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.rules.words import _
from nurture.store import users
from nurture.store.users import ROLES, ApiKey

_USE_IS_NOTED_EVERY = timedelta(minutes=1)
MOST_DAYS = 3_660


@dataclass(frozen=True)
class CheckedKey:
    """A genuine key: whose it is and what it may do."""

    id: int
    name: str
    role: str
    last_used_at: datetime | None

    @property
    def actor(self) -> str:
        return f"key:{self.id}"


def create_key(
    session: Session,
    name: str,
    role: str,
    *,
    now: datetime,
    expires_at: datetime | None = None,
    by: int | None = None,
    actor: str = "",
) -> str:
    """Make a key; returns its text, which is never shown again. From `expires_at` on nobody is let in with
    it (None: until it is revoked). `by` is the user, `actor` whoever else made it (the terminal unless said).
    Raises Invalid."""
    faults: dict[str, list[str]] = {}
    if not name.strip():
        faults["name"] = [_("Give the key a name, so that you know later who uses it.")]
    if role not in ROLES:
        faults["role"] = [_("The role is one of admin, marketer, sales, viewer.")]
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), faults)
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = ApiKey(
        name=name.strip(),
        role=role,
        prefix=prefix,
        secret_hash=_digest(secret),
        created_by=by,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    actor = actor or (f"user:{by}" if by else "terminal")
    users.audit(session, actor, "key.created", f"key:{key.id}", now=now, detail={"role": [None, role]})
    return f"nk_{prefix}.{secret}"


def end_of(days: int | None, *, real_now: datetime) -> datetime | None:
    """When a key ends that shall live so many days. Raises Invalid."""
    if days is None:
        return None
    if not 1 <= days <= MOST_DAYS:
        sentence = _("A key lives between one day and ten years, or until it is revoked.")
        raise Invalid(sentence, {"days": [sentence]})
    return real_now + timedelta(days=days)


def check_key(session: Session, text: str, *, real_now: datetime) -> CheckedKey | None:
    """The living key that this text is, or None."""
    head, dot, secret = text.partition(".")
    if not dot or not head.startswith("nk_") or len(text) > 200:
        return None
    key = users.key_by_prefix(session, head.removeprefix("nk_"))
    if key is None or not hmac.compare_digest(key.secret_hash, _digest(secret)):
        return None
    if key.expires_at is not None and key.expires_at <= real_now:
        return None
    return CheckedKey(key.id, key.name, key.role, key.last_used_at)


def note_use(session: Session, key: CheckedKey, *, now: datetime) -> None:
    """Remember that the key is used, at most once a minute, so that a busy key writes little."""
    if key.last_used_at is None or now - key.last_used_at >= _USE_IS_NOTED_EVERY:
        session.get_one(ApiKey, key.id).last_used_at = now


def revoke_key(session: Session, key_id: int, *, by: str, now: datetime) -> None:
    """End a key at once, for good."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound(_("There is no such key."))
    if key.revoked_at is None:
        key.revoked_at = now
        users.audit(session, by, "key.revoked", f"key:{key.id}", now=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
