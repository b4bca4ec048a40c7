"""Ripening in the tables: leads locked and counted up, hand-offs made and withdrawn, in batches."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.stages import RIPENS_FROM


@dataclass(frozen=True, slots=True)
class Ripener:
    """A lead, locked, as ripening looks at it. `real`: neither erased nor a test lead; `open_handoff`: one
    that has not come to its end."""

    id: int
    stage: str
    armed: bool
    real: bool
    open_handoff: int | None


_LOCK = text("""
    WITH locked AS (
        SELECT id, stage, armed, erased_at IS NULL AND NOT is_test AS real FROM lead
        WHERE id = ANY(:leads) ORDER BY id FOR NO KEY UPDATE
    )
    SELECT id, stage, armed, real, (
        SELECT h.id FROM handoff h
        WHERE h.lead_id = locked.id AND h.state = ANY(:open) ORDER BY h.ripening_no DESC LIMIT 1
    ) AS open_handoff
    FROM locked
""")


def lock(session: Session, lead_ids: Sequence[int], open_states: Sequence[str]) -> dict[int, Ripener]:
    """Lock these leads in the order of their ids."""
    rows = session.execute(_LOCK, {"leads": list(lead_ids), "open": list(open_states)})
    return {row.id: Ripener(**row._mapping) for row in rows}


@dataclass(frozen=True, slots=True)
class NewHandoff:
    """What a ripening is made of; the columns of `handoff` that the lead does not give."""

    lead_id: int
    model_id: int
    cause: str
    score: float
    rise: float
    reasons: list[Mapping[str, Any]]
    temperature: str
    heat: float
    grade: str | None
    priority: bool


@dataclass(frozen=True, slots=True)
class Ripened:
    """A hand-off that has just been made; `bant` as the lead had it."""

    id: int
    lead_id: int
    ripening_no: int
    bant: dict[str, Any]


_RIPEN = text("""
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:leads AS bigint[]), CAST(:models AS bigint[]), CAST(:causes AS text[]),
            CAST(:scores AS float8[]), CAST(:rises AS float8[]), CAST(:reasons AS text[]),
            CAST(:temperatures AS text[]), CAST(:heats AS float8[]), CAST(:grades AS text[]),
            CAST(:priorities AS boolean[])
        ) AS given(lead_id, model_id, cause, score, rise, reasons, temperature, heat, grade, priority)
    ), raised AS (
        UPDATE lead SET ripening_no = ripening_no + 1, armed = false, future_at = NULL, updated_at = :now
        FROM given WHERE lead.id = given.lead_id
        RETURNING lead.id, lead.ripening_no, lead.bant
    )
    INSERT INTO handoff (lead_id, ripening_no, model_id, cause, score, rise, reasons, temperature, heat,
        grade, bant, priority, ready_at)
    SELECT g.lead_id, r.ripening_no, g.model_id, g.cause, g.score, g.rise, CAST(g.reasons AS jsonb),
        g.temperature, g.heat, g.grade, r.bant, g.priority, :now
    FROM given g JOIN raised r ON r.id = g.lead_id ORDER BY g.lead_id
    RETURNING id, lead_id, ripening_no, bant
""")


def insert(session: Session, handoffs: Sequence[NewHandoff], *, now: datetime) -> list[Ripened]:
    """Count each lead's ripening up, disarm it and make its hand-off. The leads are locked before."""
    rows = session.execute(
        _RIPEN,
        {
            "leads": [handoff.lead_id for handoff in handoffs],
            "models": [handoff.model_id for handoff in handoffs],
            "causes": [handoff.cause for handoff in handoffs],
            "scores": [handoff.score for handoff in handoffs],
            "rises": [handoff.rise for handoff in handoffs],
            "reasons": [json.dumps(handoff.reasons) for handoff in handoffs],
            "temperatures": [handoff.temperature for handoff in handoffs],
            "heats": [handoff.heat for handoff in handoffs],
            "grades": [handoff.grade for handoff in handoffs],
            "priorities": [handoff.priority for handoff in handoffs],
            "now": now,
        },
    )
    return [Ripened(**row._mapping) for row in rows]


def rises(session: Session, model_ids: Sequence[int]) -> dict[int, float]:
    """The readiness threshold of the live version of each model; 0 where a model names none."""
    rows = session.execute(
        text("""
            SELECT m.id, coalesce(CAST(v.spec #>> '{readiness,rise}' AS float8), 0) AS rise
            FROM heat_model m LEFT JOIN heat_model_version v ON v.id = m.live_version_id
            WHERE m.id = ANY(:models)
        """),
        {"models": list(model_ids)},
    )
    return {row.id: row.rise for row in rows}


def make_urgent(session: Session, handoff_ids: Sequence[int], cause: str) -> None:
    """Hand-offs that wait already and have found a better reason go to the front."""
    session.execute(
        text("""
            UPDATE handoff SET priority = true, cause = :cause WHERE id = ANY(:ids) AND state = 'waiting'
        """),
        {"ids": list(handoff_ids), "cause": cause},
    )


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """A hand-off that waits or has reached sales and is not taken on yet; `bant` the answers it stands on."""

    id: int
    lead_id: int
    state: str
    bant: Mapping[str, str]


def unaccepted(session: Session, lead_ids: Sequence[int], cause: str) -> list[Unaccepted]:
    """Those of these leads that were made for `cause`."""
    rows = session.execute(
        text("""
            SELECT id, lead_id, state, bant FROM handoff
            WHERE lead_id = ANY(:leads) AND cause = :cause AND state IN ('waiting', 'released') ORDER BY id
        """),
        {"leads": list(lead_ids), "cause": cause},
    )
    return [Unaccepted(row.id, row.lead_id, row.state, plain_answers(row.bant)) for row in rows]


def plain_answers(bant: Mapping[str, Any] | None) -> dict[str, str]:
    """The answers of BANT alone, as they are kept with their source and date."""
    return {
        part: str(given.get("answer", "unknown") if isinstance(given, Mapping) else given)
        for part, given in (bant or {}).items()
    }


def keep_answers(session: Session, handoff_ids: Sequence[int]) -> None:
    """Let these hand-offs say of BANT what is known of their leads now, so that an answer that is given
    anew is news."""
    session.execute(
        text("UPDATE handoff h SET bant = l.bant FROM lead l WHERE h.id = ANY(:ids) AND l.id = h.lead_id"),
        {"ids": list(handoff_ids)},
    )


def rest_on_score(session: Session, handoff_ids: Sequence[int]) -> None:
    """Hand-offs that wait and were urgent wait on as those do whose score passed the threshold."""
    session.execute(
        text("UPDATE handoff SET priority = false, cause = 'threshold' WHERE id = ANY(:ids)"),
        {"ids": list(handoff_ids)},
    )


_WITHDRAW = text("""
    WITH withdrawn AS (
        UPDATE handoff SET state = 'withdrawn', closed_at = :now
        WHERE lead_id = ANY(:leads) AND state = 'waiting' AND cause = ANY(:causes)
        RETURNING lead_id
    ), armed AS (
        UPDATE lead SET armed = true WHERE id IN (SELECT lead_id FROM withdrawn)
    )
    SELECT lead_id FROM withdrawn ORDER BY lead_id
""")


def withdraw_waiting(
    session: Session, lead_ids: Sequence[int], causes: Sequence[str], *, now: datetime
) -> list[int]:
    """End the waiting hand-offs of these leads that were made for one of `causes`, and arm the leads
    again; the leads concerned. The leads are locked before."""
    given = {"leads": list(lead_ids), "causes": list(causes), "now": now}
    return list(session.scalars(_WITHDRAW, given))


_REVISE = text("""
    UPDATE handoff SET revised_at = :now
    WHERE lead_id = ANY(:leads) AND state = ANY(:states) AND cause = ANY(:causes) AND revised_at IS NULL
    RETURNING id, lead_id
""")


def mark_revised(
    session: Session,
    lead_ids: Sequence[int],
    states: Sequence[str],
    causes: Sequence[str],
    *,
    now: datetime,
) -> list[tuple[int, int]]:
    """Mark hand-offs that sales holds as no longer true; (id, lead id) of those not marked before."""
    given = {"leads": list(lead_ids), "states": list(states), "causes": list(causes), "now": now}
    return [(row.id, row.lead_id) for row in session.execute(_REVISE, given)]


# Disqualified leads were rejected, not lost: their last hand-off says so.
_LOST = text("""
    SELECT l.id FROM lead l
    WHERE l.stage = 'lost' AND l.stage_since <= :before AND l.erased_at IS NULL AND (
        SELECT h.state FROM handoff h WHERE h.lead_id = l.id ORDER BY h.ripening_no DESC LIMIT 1
    ) = 'lost'
    ORDER BY l.id LIMIT :limit FOR NO KEY UPDATE OF l SKIP LOCKED
""")


def lost_before(session: Session, moment: datetime, *, limit: int) -> list[int]:
    """Leads that sales lost before `moment`, locked."""
    return list(session.scalars(_LOST, {"before": moment, "limit": limit}))


_ARM = text("UPDATE lead SET armed = true WHERE id = ANY(:ids) AND stage = ANY(:stages)")


def arm(session: Session, lead_ids: Sequence[int]) -> None:
    """Let these leads ripen again, but for those whom sales has."""
    session.execute(_ARM, {"ids": list(lead_ids), "stages": list(RIPENS_FROM)})
