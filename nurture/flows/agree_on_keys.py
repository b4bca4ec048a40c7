"""One ring of secret keys for one database: a host with other keys would sign links that no other host
opens, and open none of theirs."""

import hmac
from collections.abc import Set
from datetime import datetime

from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Unavailable
from nurture.rules.tokens import KeyRing
from nurture.rules.words import _
from nurture.store import installation, key_marks
from nurture.store.views.reading import AWAY


def marks_of(ring: KeyRing) -> list[str]:
    """What the keys are known by."""
    return [hmac.digest(key, b"nurture key mark", "sha256").hex()[:32] for key in ring.keys]


def agree_on_keys(sessions: sessionmaker[Session], ring: KeyRing, *, now: datetime) -> None:
    """Compare the ring of this host with the marks that all hosts left in the database, and leave its own.
    Raises Unavailable when not one key is shared. While keys are being changed the rings of two hosts differ
    for a while; `missing` tells which lacks one. A database that does not answer or has no tables yet has
    nothing to compare with."""
    mine = marks_of(ring)
    try:
        with sessions.begin() as session:
            if set(mine) <= key_marks.known(session):
                return
            installation.lock(session)
            known = key_marks.known(session)
            _share(known, set(mine))
            key_marks.keep(session, [mark for mark in mine if mark not in known], now=now)
    except (*AWAY, ProgrammingError):
        return


def missing(session: Session, ring: KeyRing) -> int:
    """How many keys others have signed with that this ring lacks."""
    return len(key_marks.known(session) - set(marks_of(ring)))


def forget_keys(session: Session, *, by: str, now: datetime) -> None:
    """Let the next host to come bring its own keys."""
    key_marks.forget(session, by=by, now=now)


def _share(known: Set[str], mine: Set[str]) -> None:
    if known and not known & mine:
        raise Unavailable(
            _(
                "The links and stored secrets of this database were made with other secret keys than this "
                "home has: set NURTURE_SECRET_KEY as on the first host, or copy secrets/keys from its home "
                "or from a backup. Where they are lost for good: nurture migrate --new-keys."
            )
        )
