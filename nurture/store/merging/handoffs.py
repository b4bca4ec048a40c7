"""Hand-offs of two leads that are merged: one person is with sales once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# Hand-offs are counted on: the survivor's ripenings come first.
_HANDOFFS = text(
    """
    UPDATE handoff SET lead_id = :to, ripening_no = ripening_no + :by
    WHERE lead_id = :from AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY(CAST(:ids AS bigint[])))
    RETURNING id
    """
)
_OPEN_HANDOFFS = text(
    "SELECT id, state, watch_at FROM handoff"
    " WHERE lead_id = :id AND state = ANY(:states) ORDER BY id FOR UPDATE"
)
_CLOSE_HANDOFFS = text(
    """
    UPDATE handoff SET state = 'withdrawn', closed_at = :now, watch_at = NULL,
        revised_at = CASE WHEN state = 'waiting' THEN revised_at ELSE coalesce(revised_at, :now) END
    WHERE id = ANY(CAST(:ids AS bigint[]))
    """
)
_REOPEN_HANDOFF = text(
    """
    UPDATE handoff SET state = :state, closed_at = NULL, watch_at = CAST(:watch_at AS timestamptz)
    WHERE id = :id AND state = 'withdrawn'
    """
)


@dataclass(frozen=True, slots=True)
class OpenHandoff:
    """A hand-off that has not come to its end; `watch_at` as ISO text."""

    id: int
    state: str
    watch_at: str | None


def move(
    session: Session, from_id: int, to_id: int, by: int, *, only: Sequence[int] | None = None
) -> list[int]:
    """Hand-offs of a lead (of `only` these, if given) are the other's, their ripenings counted on by `by`;
    their ids."""
    given = {"from": from_id, "to": to_id, "by": by, "ids": None if only is None else list(only)}
    return list(session.scalars(_HANDOFFS, given))


def standing(session: Session, lead_id: int, states: Sequence[str]) -> list[OpenHandoff]:
    """Hand-offs of a lead that have not come to their end, locked."""
    found = session.execute(_OPEN_HANDOFFS, {"id": lead_id, "states": list(states)})
    return [OpenHandoff(row.id, row.state, row.watch_at and row.watch_at.isoformat()) for row in found]


def close(session: Session, ids: Sequence[int], *, now: datetime) -> None:
    """The same person is with sales by another hand-off."""
    session.execute(_CLOSE_HANDOFFS, {"ids": list(ids), "now": now})


def reopen(session: Session, handoff_id: int, state: str, watch_at: str | None) -> None:
    """A hand-off that `close` ended stands as before."""
    session.execute(_REOPEN_HANDOFF, {"id": handoff_id, "state": state, "watch_at": watch_at})
