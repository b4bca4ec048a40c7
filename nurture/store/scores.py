"""What rating keeps on the lead's own row: temperature, grade, readiness with its parts."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.readiness import LastRipening


@dataclass(frozen=True, slots=True)
class LeadState:
    """A lead, locked, as rating looks at it."""

    id: int
    email: str | None
    stage: str
    armed: bool
    grade_override: str | None
    future_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeadScore:
    """What rating found: `heat_log2` the net log of the default model, `grade` without the override."""

    lead_id: int
    temperature: str
    heat_log2: float | None
    grade: str | None
    grade_points: float
    readiness: float
    readiness_parts: Mapping[str, Any]
    armed: bool


_LOCK = text(
    """
    SELECT id, email, stage, armed, grade_override, future_at FROM lead
    WHERE id = ANY(:leads) AND erased_at IS NULL ORDER BY id FOR NO KEY UPDATE
    """
)
_STATE = text(
    """
    SELECT id, email, stage, armed, grade_override, future_at FROM lead
    WHERE id = :lead_id AND erased_at IS NULL
    """
)
_LOCK_FREE = text(
    """
    SELECT id, email, stage, armed, grade_override, future_at FROM lead
    WHERE id = ANY(:leads) AND erased_at IS NULL ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
_SAVE = text(
    """
    UPDATE lead SET
        updated_at = CASE WHEN (lead.temperature, lead.grade) IS DISTINCT FROM (g.temperature, g.grade)
                     THEN :now ELSE lead.updated_at END,
        temperature = g.temperature,
        temperature_since = CASE WHEN lead.temperature IS DISTINCT FROM g.temperature
                            THEN :now ELSE lead.temperature_since END,
        heat_log2 = g.heat_log2,
        grade = g.grade, grade_points = g.points, readiness = g.readiness,
        readiness_parts = CAST(g.parts AS jsonb), armed = g.armed
    FROM unnest(
        CAST(:leads AS bigint[]), CAST(:temperatures AS text[]),
        CAST(:heats AS float8[]), CAST(:grades AS text[]), CAST(:points AS float8[]),
        CAST(:readiness AS float8[]), CAST(:parts AS text[]), CAST(:armed AS boolean[])
    ) AS g (lead_id, temperature, heat_log2, grade, points, readiness, parts, armed)
    WHERE lead.id = g.lead_id
    """
)
_TOUCH = text(
    """
    UPDATE lead SET touches_in = greatest(touches_in + g.more, 0),
                    last_signal_at = greatest(last_signal_at, g.last_at)
    FROM unnest(CAST(:leads AS bigint[]), CAST(:more AS int[]), CAST(:last_at AS timestamptz[]))
         AS g (lead_id, more, last_at)
    WHERE lead.id = g.lead_id
    """
)
_LAST_RIPENINGS = text(
    """
    SELECT DISTINCT ON (lead_id) lead_id, greatest(ready_at, closed_at) AS at, bant
    FROM handoff WHERE lead_id = ANY(:leads) ORDER BY lead_id, ripening_no DESC
    """
)


def lock(session: Session, lead_ids: Collection[int], *, skip_locked: bool = False) -> dict[int, LeadState]:
    """Lock these leads in the order of their ids; erased ones are left out, and, where told, those that
    somebody else has locked."""
    rows = session.execute(_LOCK_FREE if skip_locked else _LOCK, {"leads": list(lead_ids)})
    return {row.id: LeadState(*row) for row in rows}


def state(session: Session, lead_id: int) -> LeadState | None:
    """A lead as rating looks at it, not locked; None if it does not exist or was erased."""
    row = session.execute(_STATE, {"lead_id": lead_id}).one_or_none()
    return None if row is None else LeadState(*row)


def save(session: Session, scores: Sequence[LeadScore], *, now: datetime) -> None:
    """Write what was found on the rows of these leads, in one statement."""
    if not scores:
        return
    given = {
        "leads": [score.lead_id for score in scores],
        "temperatures": [score.temperature for score in scores],
        "heats": [score.heat_log2 for score in scores],
        "grades": [score.grade for score in scores],
        "points": [score.grade_points for score in scores],
        "readiness": [score.readiness for score in scores],
        "parts": [json.dumps(score.readiness_parts, ensure_ascii=False) for score in scores],
        "armed": [score.armed for score in scores],
        "now": now,
    }
    session.execute(_SAVE, given)


def touch(session: Session, touches: Mapping[int, tuple[int, datetime | None]]) -> None:
    """Count touches of leads up or down, and keep the time of the last signal."""
    if not touches:
        return
    given = {
        "leads": list(touches),
        "more": [more for more, _last in touches.values()],
        "last_at": [last for _more, last in touches.values()],
    }
    session.execute(_TOUCH, given)


def last_ripenings(session: Session, lead_ids: Collection[int]) -> dict[int, LastRipening]:
    """When each lead ripened last, or when sales closed that, and its BANT answers then."""
    rows = session.execute(_LAST_RIPENINGS, {"leads": list(lead_ids)})
    return {row.lead_id: LastRipening(row.at, _answers(row.bant)) for row in rows}


def _answers(bant: Mapping[str, Any]) -> dict[str, str]:
    return {
        part: str(given.get("answer", "unknown") if isinstance(given, Mapping) else given)
        for part, given in (bant or {}).items()
    }
