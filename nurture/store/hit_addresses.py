"""The addresses from which hits came, and how far they have gone again."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.ids import millis_of
from nurture.store.rowcount import written

# Hits are found by their ids, which begin with their time.
_NEXT = text("SELECT received_at FROM hit WHERE id >= :first ORDER BY id LIMIT 1")
_CLEAR = text(
    """
    UPDATE hit SET ip = NULL
    WHERE id >= :first AND id < :end AND received_at >= :since AND received_at < :until AND ip IS NOT NULL
    """
)
_LATEST = text(
    """
    SELECT ip FROM hit WHERE id >= :first AND received_at >= :since AND ip IS NOT NULL
    ORDER BY id DESC LIMIT :limit
    """
)
_GONE_UNTIL = text("SELECT addresses_gone_until FROM installation FOR UPDATE")
_NOTE = text("UPDATE installation SET addresses_gone_until = :until")


def clear_next(session: Session, *, before: datetime, step: timedelta) -> int | None:
    """Clear the addresses of the next hits from before, those of `step` at most; how many, or None where
    nothing from before is left. What was cleared once is not read again."""
    gone = session.scalar(_GONE_UNTIL)
    since = session.scalar(_NEXT, {"first": _first_at(gone)})
    if since is None or since >= before:
        if gone is None or gone < before:
            session.execute(_NOTE, {"until": before})
        return None
    until = min(since + step, before)
    given = {"first": _first_at(since), "end": _first_at(until), "since": since, "until": until}
    cleared = written(session, _CLEAR, given)
    session.execute(_NOTE, {"until": until})
    return cleared


def latest(session: Session, *, since: datetime, limit: int) -> list[str]:
    """From where the latest hits came, newest first."""
    given = {"first": _first_at(since), "since": since, "limit": limit}
    return list(session.scalars(_LATEST, given))


def _first_at(moment: datetime | None) -> UUID:
    """The least id of this moment."""
    return UUID(int=millis_of(moment) << 80 if moment is not None else 0)
