"""Arms of comparisons in which two leads are that are merged: one person counts once in each."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules import merging as rules
from nurture.store.statistics.arms import HELD_OUT, PROGRAM

_TAKE = text("DELETE FROM arm_lead a WHERE a.lead_id = ANY(:leads) RETURNING to_jsonb(a) AS was")
_PUT = text(
    """
    INSERT INTO arm_lead
    SELECT * FROM jsonb_populate_recordset(CAST(NULL AS arm_lead), CAST(:rows AS jsonb))
    """
)
# The counters say what the rows say: those that are there no more count down, those that came count up.
_COUNT = text(
    """
    WITH changed AS (
        SELECT -1 AS step, a.* FROM jsonb_populate_recordset(CAST(NULL AS arm_lead), CAST(:before AS jsonb)) a
        UNION ALL
        SELECT 1, a.* FROM jsonb_populate_recordset(CAST(NULL AS arm_lead), CAST(:after AS jsonb)) a
    )
    INSERT INTO arm_day (program_id, chain_id, day, version_id, step_key, way, leads, met)
    SELECT program_id, chain_id, CAST(at AT TIME ZONE 'UTC' AS date), version_id, step_key, way, sum(step),
           coalesce(sum(step) FILTER (WHERE met_at IS NOT NULL), 0)
    FROM changed GROUP BY 1, 2, 3, 4, 5, 6
    HAVING sum(step) <> 0 OR coalesce(sum(step) FILTER (WHERE met_at IS NOT NULL), 0) <> 0
    ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (program_id, chain_id, day, version_id, step_key, way)
    DO UPDATE SET leads = arm_day.leads + excluded.leads, met = arm_day.met + excluded.met
    """
)
_EMPTY = text("DELETE FROM arm_day WHERE program_id = ANY(:programs) AND leads = 0 AND met = 0")
_HELD_OUT = text(
    "SELECT program_id FROM arm_lead WHERE lead_id = :lead AND chain_id = :program AND way = :held_out"
)
Arm = dict[str, Any]


def take(session: Session, from_id: int, to_id: int) -> list[Arm]:
    """The arms of both are the other's, each place once: that which was joined first, with a goal that
    either met. What they were, for undo."""
    before = _taken(session, [from_id, to_id])
    _put(session, before, rules.arms(before, to_id))
    return before


def give_back(session: Session, from_id: int, to_id: int, kept: Sequence[Arm]) -> None:
    """The arms that `take` joined are those of two again; what has come since stays where it came to."""
    now = _taken(session, [from_id, to_id])
    _put(session, now, rules.parted_arms(now, kept, from_id))


def held_out(session: Session, lead_id: int) -> frozenset[int]:
    """The programs in which the lead is compared with those who get mails."""
    given = {"lead": lead_id, "program": PROGRAM, "held_out": HELD_OUT}
    return frozenset(session.scalars(_HELD_OUT, given))


def _taken(session: Session, lead_ids: Sequence[int]) -> list[Arm]:
    return list(session.scalars(_TAKE, {"leads": sorted(lead_ids)}))


def _put(session: Session, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> None:
    if before or after:
        told = {"before": json.dumps(before), "after": json.dumps(after)}
        session.execute(_PUT, {"rows": told["after"]})
        session.execute(_COUNT, told)
        session.execute(_EMPTY, {"programs": sorted({one["program_id"] for one in before})})
