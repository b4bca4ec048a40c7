"""What rating keeps on the lead's own row: temperature, grade, readiness with its parts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.readiness import LastRipening
from nurture.store import batch
from nurture.store.ripening import plain_answers


@dataclass(frozen=True, slots=True)
class LeadState:
    """A lead, locked, as rating looks at it."""

    id: int
    email: str | None
    stage: str
    armed: bool
    grade_override: str | None
    future_at: datetime | None
    is_test: bool = False


class Touched(NamedTuple):
    """Touches from the lead's side: how many more (or fewer), and when the last signal was."""

    more: int
    last_at: datetime | None


UNTOUCHED = Touched(0, None)


class LeadScore(NamedTuple):
    """What rating found: `heat_log2` the net log of the default model, `grade` without the override, `points`
    of readiness by part."""

    lead_id: int
    temperature: str
    heat_log2: float | None
    grade: str | None
    grade_points: float
    readiness: float
    points: Mapping[str, float]
    armed: bool
    touched: Touched = UNTOUCHED


_KEPT = tuple(name for name in LeadScore._fields if name not in ("touched", "points"))
_PARTS = ("need", "activity", "data")
_LOCK = text(
    """
    SELECT id, email, stage, armed, grade_override, future_at, is_test FROM lead
    WHERE id = ANY(CAST(:leads AS bigint[])) AND erased_at IS NULL ORDER BY id FOR NO KEY UPDATE
    """
)
_STATE = text(
    """
    SELECT id, email, stage, armed, grade_override, future_at, is_test FROM lead
    WHERE id = :lead_id AND erased_at IS NULL
    """
)
_STATES = text(
    """
    SELECT id, email, stage, armed, grade_override, future_at, is_test FROM lead
    WHERE id = ANY(CAST(:leads AS bigint[])) AND erased_at IS NULL ORDER BY id
    """
)
_LOCK_FREE = text(
    """
    SELECT id, email, stage, armed, grade_override, future_at, is_test FROM lead
    WHERE id = ANY(CAST(:leads AS bigint[])) AND erased_at IS NULL ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
_SAVE = text(
    """
    UPDATE lead SET
        updated_at = CASE WHEN (lead.temperature, lead.grade) IS DISTINCT FROM (g.temperature, g.grade)
                     THEN :now ELSE lead.updated_at END,
        temperature_since = CASE WHEN lead.temperature IS DISTINCT FROM g.temperature
                            THEN :now ELSE lead.temperature_since END,
        temperature = g.temperature, heat_log2 = g.heat_log2,
        grade = g.grade, grade_points = g.grade_points, readiness = g.readiness,
        need_points = g.need_points, activity_points = g.activity_points, data_points = g.data_points,
        readiness_parts = '{}', armed = g.armed,
        touches_in = greatest(lead.touches_in + g.more, 0),
        last_signal_at = greatest(lead.last_signal_at, g.last_at)
    FROM unnest(
        CAST(:lead_id AS bigint[]), CAST(:temperature AS text[]), CAST(:heat_log2 AS float8[]),
        CAST(:grade AS text[]), CAST(:grade_points AS float8[]), CAST(:readiness AS float8[]),
        CAST(:need_points AS float8[]), CAST(:activity_points AS float8[]), CAST(:data_points AS float8[]),
        CAST(:armed AS boolean[]), CAST(:more AS int[]), CAST(:last_at AS timestamptz[])
    ) AS g (
        lead_id, temperature, heat_log2, grade, grade_points, readiness, need_points, activity_points,
        data_points, armed, more, last_at
    )
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
    WITH ripened AS (
        SELECT DISTINCT ON (lead_id) lead_id, greatest(ready_at, closed_at) AS at, bant,
            state = 'rejected' AS given_back
        FROM handoff WHERE lead_id = ANY(CAST(:leads AS bigint[])) ORDER BY lead_id, ripening_no DESC
    ), held AS (
        SELECT lead_id, max(coalesce(decided_at, listed_at)) AS at FROM model_approval
        WHERE lead_id = ANY(CAST(:leads AS bigint[])) AND state IN ('waiting', 'declined') GROUP BY lead_id
    )
    SELECT lead_id, greatest(r.at, h.at) AS at, r.bant,
        coalesce(r.given_back, false) AND (h.at IS NULL OR h.at < r.at) AS given_back
    FROM ripened r FULL JOIN held h USING (lead_id)
    """
)


def lock(session: Session, lead_ids: Collection[int], *, skip_locked: bool = False) -> dict[int, LeadState]:
    """Lock these leads in the order of their ids; erased ones are left out, and, where told, those that
    somebody else has locked."""
    rows = session.execute(_LOCK_FREE if skip_locked else _LOCK, {"leads": batch.numbers(lead_ids)})
    return {row[0]: LeadState(*row) for row in rows.all()}


def state(session: Session, lead_id: int) -> LeadState | None:
    """A lead as rating looks at it, not locked; None if it does not exist or was erased."""
    row = session.execute(_STATE, {"lead_id": lead_id}).one_or_none()
    return None if row is None else LeadState(*row)


def states(session: Session, lead_ids: Collection[int]) -> dict[int, LeadState]:
    """Leads as rating looks at them, not locked; erased ones are left out."""
    return {row.id: LeadState(*row) for row in session.execute(_STATES, {"leads": batch.numbers(lead_ids)})}


def save(session: Session, scores: Sequence[LeadScore], *, now: datetime) -> None:
    """Write what was found on the rows of these leads, in one statement."""
    if scores:
        given = {name: batch.array(getattr(one, name) for one in scores) for name in _KEPT}
        given |= {f"{part}_points": batch.array(one.points[part] for one in scores) for part in _PARTS}
        given |= {
            "more": batch.array(one.touched.more for one in scores),
            "last_at": batch.array(one.touched.last_at for one in scores),
        }
        with batch.by_key(session):
            session.execute(_SAVE, given | {"now": now})


def touch(session: Session, touches: Mapping[int, Touched]) -> None:
    """Count touches of leads up or down, and keep the time of the last signal."""
    if not touches:
        return
    given = {
        "leads": list(touches),
        "more": [one.more for one in touches.values()],
        "last_at": [one.last_at for one in touches.values()],
    }
    session.execute(_TOUCH, given)


def touch_out(session: Session, lead_id: int, more: int = 1) -> None:
    """Count one more touch from our side, or one less."""
    session.execute(
        text("UPDATE lead SET touches_out = touches_out + :more WHERE id = :lead_id"),
        {"lead_id": lead_id, "more": more},
    )


def last_ripenings(session: Session, lead_ids: Collection[int]) -> dict[int, LastRipening]:
    """When each lead ripened last, or when sales closed that, and its BANT answers then; or when somebody was
    asked whether to hand it over (store/approvals), or said no."""
    rows = session.execute(_LAST_RIPENINGS, {"leads": batch.numbers(lead_ids)})
    return {row.lead_id: LastRipening(row.at, plain_answers(row.bant), row.given_back) for row in rows}
