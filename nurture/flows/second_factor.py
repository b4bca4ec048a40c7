"""The second factor: codes of a phone (TOTP, RFC 6238), and recovery codes for when it is lost.

A code is taken within one step of 30 seconds before and after now, and none of a step that was used.
Each function works in the caller's transaction.
"""

import hashlib
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from pyotp import TOTP, random_base32
from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid
from nurture.files.vault import Vault
from nurture.flows import passwords
from nurture.flows.users import SignedIn, one
from nurture.rules.words import _
from nurture.store import recovery_codes
from nurture.store.audit import audit
from nurture.store.users import User

_STEP_SECONDS = 30
_STEPS_AROUND = (-1, 0, 1)
_CODES, _CODE_BYTES = 10, 10  # 80 bits: nothing to guess, so that a plain hash is enough


@dataclass(frozen=True)
class Beginning:
    """What a phone needs to know: the secret, and the same as an address for a QR code."""

    secret: str
    uri: str


@dataclass(frozen=True)
class Fresh:
    """Recovery codes, shown this once, and the one session that goes on."""

    codes: list[str]
    person: SignedIn


def begin(session: Session, vault: Vault, user_id: int) -> None:
    """A new secret, of no effect until a code of it was given."""
    user = one(session, user_id, lock=True)
    if user.totp_sealed is not None:
        raise Conflict(_("The second factor is on already."))
    user.totp_pending = vault.seal(random_base32())


def beginning(session: Session, vault: Vault, user_id: int, company: str) -> Beginning | None:
    """What was begun and is not proven yet."""
    user = one(session, user_id)
    if user.totp_pending is None:
        return None
    secret = vault.open(user.totp_pending)
    uri = TOTP(secret).provisioning_uri(name=user.email, issuer_name=company or "Nurture")
    return Beginning(secret, uri)


def confirm(
    session: Session, vault: Vault, user_id: int, code: str, *, now: datetime, real: datetime
) -> Fresh:
    """Turn it on, by a code that proves the phone has the secret. Every other session ends."""
    user = one(session, user_id, lock=True)
    if user.totp_pending is None or user.totp_sealed is not None:
        raise Conflict(_("Begin the set-up of the second factor again."))
    step = _step_of(vault.open(user.totp_pending), code, real)
    if step is None:
        raise _wrong_code(_("This is not the code that the phone shows now. Is its clock right?"))
    user.totp_sealed, user.totp_pending = user.totp_pending, None
    user.totp_since, user.totp_step = now, step
    return _fresh_codes(session, user, "second_factor.on", now)


def check(session: Session, vault: Vault, user_id: int, code: str, *, now: datetime, real: datetime) -> bool:
    """Whether this is a code of the phone now, or an unused recovery code; it cannot be used again."""
    user = one(session, user_id, lock=True)
    if user.totp_sealed is None:
        return True
    step = _step_of(vault.open(user.totp_sealed), code, real)
    if step is not None and step > user.totp_step:
        user.totp_step = step
        return True
    if recovery_codes.use(session, user_id, _digest(code), now=now):
        audit(session, f"user:{user_id}", "second_factor.recovery_code_used", f"user:{user_id}", now=now)
        return True
    audit(session, f"user:{user_id}", "second_factor.failed", f"user:{user_id}", now=now)
    return False


def new_codes(
    session: Session, vault: Vault, user_id: int, code: str, *, now: datetime, real: datetime
) -> Fresh | None:
    """Ten new recovery codes instead of the old ones; None for a wrong code."""
    if not check(session, vault, user_id, code, now=now, real=real):
        return None
    return _fresh_codes(session, _with_factor(session, user_id), "second_factor.codes_renewed", now)


def turn_off(
    session: Session, vault: Vault, user_id: int, password: str, code: str, *, now: datetime, real: datetime
) -> SignedIn | None:
    """Turn it off; None unless password and code are both right."""
    user = _with_factor(session, user_id)
    right = passwords.matches(user.password_hash, password)
    if not (check(session, vault, user_id, code, now=now, real=real) and right):
        return None
    return _off(session, user, by=f"user:{user_id}", now=now)


def remove(session: Session, user_id: int, *, by: str, now: datetime) -> None:
    """Turn it off for a user whose phone is lost. Their sessions end."""
    _off(session, _with_factor(session, user_id), by=by, now=now)


def _off(session: Session, user: User, *, by: str, now: datetime) -> SignedIn:
    user.totp_sealed = user.totp_pending = user.totp_since = None
    user.session_epoch += 1
    recovery_codes.replace(session, user.id, [])
    audit(session, by, "second_factor.off", f"user:{user.id}", now=now)
    return SignedIn(user.id, user.session_epoch)


def _fresh_codes(session: Session, user: User, action: str, now: datetime) -> Fresh:
    codes = [_new_code() for _number in range(_CODES)]
    recovery_codes.replace(session, user.id, [_digest(code) for code in codes])
    user.session_epoch += 1
    audit(session, f"user:{user.id}", action, f"user:{user.id}", now=now)
    return Fresh(codes, SignedIn(user.id, user.session_epoch))


def _with_factor(session: Session, user_id: int) -> User:
    user = one(session, user_id, lock=True)
    if user.totp_sealed is None:
        raise Conflict(_("The second factor is not on."))
    return user


def _step_of(secret: str, code: str, real: datetime) -> int | None:
    """The time step whose code this is, the newest of those around now."""
    given, now_step = code.replace(" ", ""), int(real.timestamp()) // _STEP_SECONDS
    found = None
    for around in _STEPS_AROUND:
        step = now_step + around
        if compare_digest(TOTP(secret).generate_otp(step).encode(), given.encode()):
            found = step
    return found


def _new_code() -> str:
    text = b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(code: str) -> str:
    plain = "".join(code.lower().split()).replace("-", "")
    return hashlib.sha256(plain.encode()).hexdigest()


def _wrong_code(sentence: str) -> Invalid:
    return Invalid(sentence, {"code": [sentence]})
