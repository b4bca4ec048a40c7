"""Who is compared with whom: leads join the arms of comparisons, once each, and meet the goal or do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.statistics.days import day_of

PROGRAM = 0
TREATED, HELD_OUT = "treated", "held_out"
IN, AGAIN, OVER = "in", "again", "over"


@dataclass(frozen=True, slots=True)
class NewArm:
    """A lead takes a way at a step that chooses (or, at "", comes into a chain); its goal counts until
    `until`."""

    lead_id: int
    program_id: int
    chain_id: int
    step_key: str
    way: str
    version_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A lead comes into a chain: from outside, or `over` from another one; `held_out`: without mails."""

    lead_id: int
    program_id: int
    chain_id: int
    version_id: int
    over: bool
    held_out: bool
    until: datetime


_JOIN = text(
    """
    WITH added AS (
        INSERT INTO arm_lead (lead_id, program_id, chain_id, step_key, way, version_id, at, until)
        SELECT DISTINCT ON (lead_id, program_id, chain_id, step_key)
               lead_id, program_id, chain_id, step_key, way, version_id, :now, until
        FROM unnest(CAST(:leads AS bigint[]), CAST(:programs AS bigint[]), CAST(:chains AS bigint[]),
                    CAST(:steps AS text[]), CAST(:ways AS text[]), CAST(:versions AS bigint[]),
                    CAST(:untils AS timestamptz[])) WITH ORDINALITY
             AS a (lead_id, program_id, chain_id, step_key, way, version_id, until, place)
        ORDER BY lead_id, program_id, chain_id, step_key, place
        ON CONFLICT DO NOTHING
        RETURNING lead_id, program_id, chain_id, step_key, way, version_id
    ), counted AS (
        INSERT INTO arm_day (program_id, chain_id, day, version_id, step_key, way, leads)
        SELECT program_id, chain_id, :day, version_id, step_key, way, count(*) FROM added
        GROUP BY program_id, chain_id, version_id, step_key, way
        ORDER BY program_id, chain_id, version_id, step_key, way
        ON CONFLICT (program_id, chain_id, day, version_id, step_key, way)
        DO UPDATE SET leads = arm_day.leads + excluded.leads
    )
    SELECT lead_id, program_id FROM added
    """
)
_MEET = text(
    """
    WITH found AS (
        SELECT a.* FROM arm_lead a
        JOIN unnest(CAST(:leads AS bigint[]), CAST(:programs AS bigint[])) AS m (lead_id, program_id)
          ON m.lead_id = a.lead_id AND m.program_id = a.program_id
        WHERE a.met_at IS NULL AND a.until >= :now
        ORDER BY a.lead_id, a.program_id, a.chain_id, a.step_key
        FOR UPDATE OF a
    ), marked AS (
        UPDATE arm_lead a SET met_at = :now FROM found f
        WHERE (a.lead_id, a.program_id, a.chain_id, a.step_key)
              = (f.lead_id, f.program_id, f.chain_id, f.step_key)
    )
    INSERT INTO arm_day (program_id, chain_id, day, version_id, step_key, way, met)
    SELECT program_id, chain_id, CAST(at AT TIME ZONE 'UTC' AS date) AS day, version_id, step_key, way,
           count(*)
    FROM found GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (program_id, chain_id, day, version_id, step_key, way)
    DO UPDATE SET met = arm_day.met + excluded.met
    """
)
# Whoever stands in the program meets the goal there.
_STILL_OPEN = text(
    """
    SELECT a.lead_id, a.program_id FROM arm_lead a
    WHERE a.lead_id = ANY(:lead_ids) AND a.chain_id = 0 AND a.met_at IS NULL AND a.until >= :now
      AND NOT EXISTS (
          SELECT FROM enrollment e
          WHERE e.lead_id = a.lead_id AND e.program_id = a.program_id AND e.state IN ('active', 'resting')
      )
    ORDER BY a.program_id, a.lead_id
    """
)


def join(session: Session, arms: Sequence[NewArm], *, now: datetime) -> set[tuple[int, int]]:
    """Put leads into arms; who is in one of this place stays there. (lead, program) of those put."""
    if not arms:
        return set()
    rows = session.execute(
        _JOIN,
        {
            "leads": [one.lead_id for one in arms],
            "programs": [one.program_id for one in arms],
            "chains": [one.chain_id for one in arms],
            "steps": [one.step_key for one in arms],
            "ways": [one.way for one in arms],
            "versions": [one.version_id for one in arms],
            "untils": [one.until for one in arms],
            "now": now,
            "day": day_of(now),
        },
    )
    return {(row.lead_id, row.program_id) for row in rows}


def come_in(session: Session, entries: Sequence[NewEntry], *, now: datetime) -> None:
    """Leads come into chains: into the arms of the program the first time, and of each chain."""
    new = join(session, [_of_program(one) for one in entries if not one.over], now=now)
    join(session, [arm for one in entries if (arm := _of_chain(one, new)) is not None], now=now)


def _of_program(one: NewEntry) -> NewArm:
    way = HELD_OUT if one.held_out else TREATED
    return NewArm(one.lead_id, one.program_id, PROGRAM, "", way, one.version_id, one.until)


def _of_chain(one: NewEntry, new: set[tuple[int, int]]) -> NewArm | None:
    """Only first entries from outside are split by chance between treated and held out."""
    first = not one.over and (one.lead_id, one.program_id) in new
    if one.held_out and not first:
        return None
    way = HELD_OUT if one.held_out else IN if first else OVER if one.over else AGAIN
    return NewArm(one.lead_id, one.program_id, one.chain_id, "", way, one.version_id, one.until)


def meet(session: Session, met: Sequence[tuple[int, int]], *, now: datetime) -> None:
    """These (lead, program) have met the goal now: they count in every arm they joined in time."""
    if met:
        leads, programs = zip(*sorted(set(met)), strict=True)
        session.execute(_MEET, {"leads": list(leads), "programs": list(programs), "now": now})


def still_open(session: Session, lead_ids: Sequence[int], *, now: datetime) -> list[tuple[int, int]]:
    """(lead, program) of those who stand in the program no more and whose goal would still count."""
    rows = session.execute(_STILL_OPEN, {"lead_ids": list(lead_ids), "now": now})
    return [(row.lead_id, row.program_id) for row in rows]
