"""Passwords: what is taken, and how it is kept (argon2id). Nothing here knows whose they are."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from nurture.rules.words import _

LEAST, MOST = 10, 200
# argon2id with the parameters of RFC 9106 section 4 (second recommended option).
HASHER = PasswordHasher()


def problem(password: str) -> str | None:
    """One sentence about a password that cannot be taken; length alone counts (NIST SP 800-63B 3.1.1.2)."""
    if len(password) < LEAST:
        return _("The password needs at least 10 characters.")
    if len(password) > MOST:
        return _("The password is longer than 200 characters.")
    return None


def hashed(password: str) -> str:
    return HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[: MOST + 1])
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)


@cache
def nobodys() -> str:
    """What an unknown user's password is checked against, so that the answer takes as long."""
    return HASHER.hash("nobody has this password")
