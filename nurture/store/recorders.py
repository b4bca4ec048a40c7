"""Recorders side by side: whose pages of the stream are whose, and whose turn it is to keep hits."""

from collections.abc import Mapping
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import TextClause, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

# Recorders take turns by it; see flows/record.
_TURN_LOCK = 7_268_541_011
_TURN = text("SELECT pg_try_advisory_xact_lock(:lock)")
# Whoever waits for longer than this stands behind somebody who has been halted, and has other work to do.
_PATIENCE = text("SELECT current_setting('lock_timeout'), set_config('lock_timeout', '2s', true)")
_PATIENCE_AS_BEFORE = text("SELECT set_config('lock_timeout', :before, true)")
_TURN_AFTER = text("SELECT pg_advisory_xact_lock(:lock)")

# The pages of the stream that recorders have in hand, each by a lock on its first entry: it ends with them.
_CLAIM = text("SELECT pg_try_advisory_xact_lock(:pages, hashtext(:first))")
_PAGE_AFTER = text("SELECT pg_advisory_xact_lock(:pages, hashtext(:first))")
_PAGES = 726_854


def is_my_turn(session: Session) -> bool:
    """Whether this transaction may keep hits now; nobody else may until it ends."""
    return bool(session.scalar(_TURN, {"lock": _TURN_LOCK}))


def claim_page(session: Session, first: str) -> bool:
    """Whether the page of the stream that begins with this entry is this transaction's now; nobody else gets
    it until it ends."""
    return bool(session.scalar(_CLAIM, {"pages": _PAGES, "first": first}))


def wait_for_page(session: Session, first: str) -> bool:
    """Until whoever has the page of the stream that begins with this entry has kept it; False after two
    seconds."""
    return _waited(session, _PAGE_AFTER, {"pages": _PAGES, "first": first})


def wait_for_turn(session: Session) -> bool:
    """As `is_my_turn`, waiting for whoever has the turn; False after two seconds."""
    return _waited(session, _TURN_AFTER, {"lock": _TURN_LOCK})


def _waited(session: Session, lock: TextClause, given: Mapping[str, Any]) -> bool:
    try:
        with session.begin_nested():
            before = session.execute(_PATIENCE).one()[0]
            session.execute(lock, given)
            session.execute(_PATIENCE_AS_BEFORE, {"before": before})
    except OperationalError as fault:
        if isinstance(fault.orig, LockNotAvailable):
            return False
        raise
    return True
