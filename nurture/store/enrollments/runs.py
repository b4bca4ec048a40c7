"""Runs begin, are found and end: leads enter programs, change chains and leave."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to begin: active at `step_key` (None: before the first step) or resting for a reason."""

    program_id: int
    chain_id: int
    version_id: int
    lead_id: int
    step_key: str | None
    due_at: datetime
    due_reason: str
    resting_reason: str | None
    data: Mapping[str, Any] = field(default_factory=dict)
    entered_by: str = ""
    parallel: bool = False
    occasion: str | None = None


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that is active or resting."""

    id: int
    program_id: int
    chain_id: int
    version_id: int
    lead_id: int
    temperature: str
    state: str
    step_key: str | None
    resting_reason: str | None
    data: Mapping[str, Any]
    parallel: bool
    step_since: datetime | None
    entered_at: datetime


_WITHOUT_RUN = text(
    """
    SELECT l.id FROM lead l JOIN program p ON p.id = :program_id AND p.demo = l.demo
    WHERE l.id = ANY(:lead_ids) AND l.erased_at IS NULL AND l.held_at IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM enrollment e
          WHERE e.program_id = :program_id AND e.lead_id = l.id AND e.state IN ('active', 'resting')
      )
    """
)
_LEADS_AFTER = text("SELECT id FROM lead WHERE id > :after AND erased_at IS NULL ORDER BY id LIMIT :limit")
_WELCOME = text(
    """
    SELECT l.id FROM lead l JOIN program p ON p.id = :program_id AND p.demo = l.demo
    WHERE l.id = ANY(:lead_ids) AND l.erased_at IS NULL AND l.held_at IS NULL
    """
)
_TRACES = text(
    """
    SELECT e.lead_id, e.chain_id, max(e.entered_at) AS entered_at, max(e.ended_at) AS ended_at,
           bool_or(e.state = 'active' AND NOT e.parallel) AS under_way,
           max(e.resting_reason) FILTER (WHERE e.state = 'resting') AS resting,
           max(coalesce(e.step_since, e.entered_at)) FILTER (WHERE e.state = 'resting') AS rests_since
    FROM enrollment e
    WHERE e.program_id = :program_id AND e.lead_id = ANY(:lead_ids)
    GROUP BY e.lead_id, e.chain_id
    """
)
_LAST_SENT = text(
    """
    SELECT DISTINCT ON (lead_id, chain_id) lead_id, chain_id, last_sent_step FROM enrollment
    WHERE lead_id = ANY(:lead_ids) AND chain_id = ANY(:chain_ids) AND last_sent_step IS NOT NULL
    ORDER BY lead_id, chain_id, entered_at DESC, id DESC
    """
)
_IDS = text(
    "SELECT nextval(pg_get_serial_sequence('enrollment', 'id')) FROM generate_series(1, CAST(:n AS int))"
)
_BEGIN = text(
    """
    INSERT INTO enrollment (id, program_id, chain_id, version_id, lead_id, state, step_key, step_since,
                            due_at, due_reason, resting_reason, data, entered_at, entered_by, parallel,
                            occasion)
    SELECT id, program_id, chain_id, version_id, lead_id,
           CASE WHEN resting_reason IS NULL THEN 'active' ELSE 'resting' END, step_key, :now, due_at,
           due_reason, resting_reason, CAST(data AS jsonb), :now, entered_by, parallel, occasion
    FROM unnest(CAST(:ids AS bigint[]), CAST(:programs AS bigint[]), CAST(:chains AS bigint[]),
                CAST(:versions AS bigint[]), CAST(:leads AS bigint[]), CAST(:steps AS text[]),
                CAST(:dues AS timestamptz[]), CAST(:reasons AS text[]), CAST(:resting AS text[]),
                CAST(:data AS text[]), CAST(:bys AS text[]), CAST(:parallels AS boolean[]),
                CAST(:occasions AS text[]))
         AS r (id, program_id, chain_id, version_id, lead_id, step_key, due_at, due_reason, resting_reason,
               data, entered_by, parallel, occasion)
    ON CONFLICT DO NOTHING
    RETURNING id
    """
)
_OPEN = text(
    """
    SELECT e.id, e.program_id, e.chain_id, e.version_id, e.lead_id, c.temperature, e.state, e.step_key,
           e.resting_reason, e.data, e.parallel, e.step_since, e.entered_at
    FROM enrollment e
    JOIN chain c ON c.id = e.chain_id
    JOIN program p ON p.id = e.program_id
    WHERE e.lead_id = ANY(:lead_ids) AND e.state IN ('active', 'resting')
      AND (CAST(:purpose AS text) IS NULL OR p.purpose = :purpose)
    ORDER BY e.id
    FOR UPDATE OF e
    """
)
_ENDED_FOR = text(
    """
    SELECT e.id, e.program_id, e.chain_id, e.version_id, e.lead_id, c.temperature, e.state, e.step_key,
        e.resting_reason, e.data, e.parallel, e.step_since, e.entered_at
    FROM enrollment e JOIN chain c ON c.id = e.chain_id
    WHERE e.lead_id = ANY(:lead_ids) AND e.exit_reason = :reason AND e.ended_at = :at
    ORDER BY e.id
    """
)
_LEFT_BEHIND = text(
    """
    SELECT e.id, e.program_id, e.chain_id, e.version_id, e.lead_id, c.temperature, e.state, e.step_key,
        e.resting_reason, e.data, e.parallel, e.step_since, e.entered_at
    FROM enrollment e JOIN chain c ON c.id = e.chain_id
    WHERE e.lead_id = :lead_id AND NOT e.parallel AND e.entered_at <= :at AND e.ended_at >= :at
        AND e.exit_reason = ANY(:reasons)
    ORDER BY e.id
    """
)
_END = text(
    """
    UPDATE enrollment e
    SET state = 'ended', exit_reason = r.reason, ended_at = :now, due_at = NULL, due_reason = '',
        waiting_for = NULL, awaiting_delivery_id = NULL, resting_reason = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS r (id, reason)
    WHERE e.id = r.id
    """
)
# A leased delivery has not begun to be sent: whoever holds it finds it cancelled when it begins.
_CANCEL = text(
    """
    UPDATE delivery SET state = 'cancelled', reason = :reason, settled_at = :now
    WHERE enrollment_id = ANY(:ids) AND state IN ('scheduled', 'ready', 'leased', 'deferred')
    """
)


def leads_after(session: Session, after: int, *, limit: int) -> list[int]:
    """The next leads of the base by id, erased ones left out."""
    return list(session.execute(_LEADS_AFTER, {"after": after, "limit": limit}).scalars())


def without_run(session: Session, program_id: int, lead_ids: Sequence[int]) -> list[int]:
    """Those of the leads that stand nowhere in the program, and whom nobody holds back from all."""
    values = {"program_id": program_id, "lead_ids": list(lead_ids)}
    return list(session.execute(_WITHOUT_RUN, values).scalars())


@dataclass(frozen=True, slots=True)
class Trace:
    """What a lead has left in one chain: when it last came in and last ended, whether a run is under way
    there, or rests for which reason since when."""

    lead_id: int
    chain_id: int
    entered_at: datetime
    ended_at: datetime | None
    under_way: bool
    resting: str | None
    rests_since: datetime | None


def welcome(session: Session, program_id: int, lead_ids: Sequence[int]) -> list[int]:
    """Those of the leads whom nobody holds back from all programs."""
    values = {"program_id": program_id, "lead_ids": list(lead_ids)}
    return list(session.execute(_WELCOME, values).scalars())


def traces(session: Session, program_id: int, lead_ids: Sequence[int]) -> dict[int, list[Trace]]:
    """What each lead has left in the chains of a program, by lead."""
    found: dict[int, list[Trace]] = {}
    for row in session.execute(_TRACES, {"program_id": program_id, "lead_ids": list(lead_ids)}):
        found.setdefault(row.lead_id, []).append(Trace(**row._mapping))
    return found


def last_sent(
    session: Session, lead_ids: Sequence[int], chain_ids: Sequence[int]
) -> dict[tuple[int, int], str]:
    """The step whose mail was the last sent to each lead in each of the chains, by (lead, chain)."""
    values = {"lead_ids": list(lead_ids), "chain_ids": list(chain_ids)}
    rows = session.execute(_LAST_SENT, values)
    return {(row.lead_id, row.chain_id): row.last_sent_step for row in rows}


def begin(session: Session, runs: Sequence[NewRun], *, now: datetime) -> list[int | None]:
    """Begin these runs; the id of each, None for one passed over: its lead stands in the program already, or
    has come in by this occasion before."""
    if not runs:
        return []
    ids = list(session.execute(_IDS, {"n": len(runs)}).scalars())
    begun = session.execute(
        _BEGIN,
        {
            "ids": ids,
            "programs": [run.program_id for run in runs],
            "chains": [run.chain_id for run in runs],
            "versions": [run.version_id for run in runs],
            "leads": [run.lead_id for run in runs],
            "steps": [run.step_key for run in runs],
            "dues": [run.due_at for run in runs],
            "reasons": [run.due_reason for run in runs],
            "resting": [run.resting_reason for run in runs],
            "data": [json.dumps(run.data) for run in runs],
            "bys": [run.entered_by for run in runs],
            "parallels": [run.parallel for run in runs],
            "occasions": [run.occasion for run in runs],
            "now": now,
        },
    )
    known = set(begun.scalars())
    return [number if number in known else None for number in ids]


def open_runs(session: Session, lead_ids: Sequence[int], *, purpose: str | None = None) -> list[OpenRun]:
    """The open runs of these leads, locked; of programs with this purpose alone, if given."""
    if not lead_ids:
        return []
    rows = session.execute(_OPEN, {"lead_ids": list(lead_ids), "purpose": purpose}).mappings()
    return [OpenRun(**row) for row in rows]


def ended_for(session: Session, lead_ids: Sequence[int], reason: str, *, at: datetime) -> list[OpenRun]:
    """The runs of these leads that ended for a reason at that very moment, as they stood then."""
    given = {"lead_ids": list(lead_ids), "reason": reason, "at": at}
    return [OpenRun(**row._mapping) for row in session.execute(_ENDED_FOR, given)]


def left_behind(session: Session, lead_id: int, reasons: Collection[str], *, at: datetime) -> list[OpenRun]:
    """The runs in which the lead stood at a moment, and which have ended since for one of these reasons."""
    given = {"lead_id": lead_id, "reasons": list(reasons), "at": at}
    return [OpenRun(**row._mapping) for row in session.execute(_LEFT_BEHIND, given)]


def end(session: Session, reasons: Mapping[int, str], *, now: datetime) -> None:
    """End these runs, each for its reason."""
    if reasons:
        values = {"ids": list(reasons), "reasons": list(reasons.values()), "now": now}
        session.execute(_END, values)


def cancel_unsent(session: Session, ids: Sequence[int], reason: str, *, now: datetime) -> None:
    """Cancel the deliveries of these runs that have not begun to be sent."""
    if ids:
        session.execute(_CANCEL, {"ids": list(ids), "reason": reason, "now": now})
