"""Mails of chains whose window closed before they went out: they are planned anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class LateMail:
    """A delivery that waits although its window has closed."""

    id: int
    program_id: int
    timezone: str | None


@dataclass(frozen=True, slots=True)
class Replanned:
    """The delivery may go from `due_at` on, until `until`."""

    id: int
    due_at: datetime
    until: datetime


_LATE = text(
    """
    SELECT d.id, d.program_id, l.timezone
    FROM delivery d JOIN lead l ON l.id = d.lead_id
    WHERE d.state IN ('scheduled', 'ready', 'deferred') AND d.due_at <= :now AND d.purpose = 'chain'
      AND CAST(d.params ->> 'until' AS timestamptz) <= :now AND d.program_id = ANY(:program_ids)
    ORDER BY d.due_at, d.id
    LIMIT :limit
    FOR UPDATE OF d SKIP LOCKED
    """
)
_REPLAN = text(
    """
    UPDATE delivery d
    SET due_at = r.due_at, reason = 'window', params = d.params || jsonb_build_object('until', r.until)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[]), CAST(:untils AS text[]))
         AS r (id, due_at, until)
    WHERE d.id = r.id
    """
)


def find(session: Session, program_ids: Sequence[int], *, now: datetime, limit: int) -> list[LateMail]:
    """Mails of these programs whose window has closed, locked."""
    values = {"program_ids": list(program_ids), "now": now, "limit": limit}
    return [LateMail(**row) for row in session.execute(_LATE, values).mappings()]


def replan(session: Session, mails: Sequence[Replanned]) -> None:
    """Let these go when their window opens again."""
    if mails:
        values = {
            "ids": [mail.id for mail in mails],
            "dues": [mail.due_at for mail in mails],
            "untils": [mail.until.isoformat() for mail in mails],
        }
        session.execute(_REPLAN, values)
