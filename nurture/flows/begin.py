"""Runs begin: where each starts, where it came from, and what is counted of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.flows.published import Published
from nurture.rules import entering
from nurture.store import statistics, steps
from nurture.store.enrollments import runs
from nurture.store.enrollments.runs import NewRun
from nurture.store.statistics import CHAIN, DayTally, NewEntry
from nurture.store.steps import FlowTally, NewEvent, StepTally

OUTSIDE = ""
HELD_OUT = "holdout"


@dataclass(frozen=True, slots=True)
class Start:
    """A lead begins in the chain of `temperature`: at `step` if named, else as `how` says (resume after
    the last step sent there, restart, rest, holdout). `data` goes along (mails sent, hops, rounds). `due_at`
    is when the first step is due, if not at once. `occasion` names what lets in only once; a `parallel` run
    stands beside another one of the lead."""

    lead_id: int
    published: Published
    temperature: str
    how: str
    step: str | None
    data: Mapping[str, Any]
    came_from: str
    reason: str
    due_at: datetime | None = None
    parallel: bool = False
    occasion: str | None = None


def begin(session: Session, starts: Sequence[Start], *, now: datetime) -> list[Start]:
    """Begin these runs and record where each came from; those that began."""
    if not starts:
        return []
    chain_ids = {start.published.chain_ids[start.temperature] for start in starts}
    sent = runs.last_sent(session, [start.lead_id for start in starts], sorted(chain_ids))
    new = [_new_run(start, sent, now) for start in starts]
    ids = runs.begin(session, new, now=now)
    tally: StepTally = Counter()
    days = DayTally()
    flows: FlowTally = Counter()
    events = []
    entries = []
    begun = []
    for start, run, run_id in zip(starts, new, ids, strict=True):
        if run_id is None:
            continue
        begun.append(start)
        flows[start.published.id, start.came_from, start.temperature] += 1
        if run.resting_reason is None:
            days.add(run.chain_id, run.version_id, CHAIN, f"entered:{start.came_from or 'outside'}")
            if run.step_key is not None:
                tally[run.chain_id, run.version_id, run.step_key, "entered"] += 1
                days.add(run.chain_id, run.version_id, run.step_key, "entered")
        if start.how == HELD_OUT and start.came_from == OUTSIDE:
            days.add(run.chain_id, run.version_id, CHAIN, "held_out")
        if run.resting_reason in (None, HELD_OUT):
            entries.append(_entry(start, run, now))
        detail = {"from": start.came_from, "chain": start.temperature}
        events.append(NewEvent(run_id, start.lead_id, run.step_key, "entered", start.reason, detail))
    steps.note(session, events, now=now)
    steps.count(session, tally)
    steps.count_flows(session, flows, now=now)
    statistics.count(session, days, now=now)
    statistics.come_in(session, entries, now=now)
    return begun


def _entry(start: Start, run: NewRun, now: datetime) -> NewEntry:
    return NewEntry(
        lead_id=run.lead_id,
        program_id=run.program_id,
        chain_id=run.chain_id,
        version_id=run.version_id,
        over=start.came_from != OUTSIDE,
        held_out=run.resting_reason == HELD_OUT,
        until=now + start.published.program.goal_within,
    )


def _new_run(start: Start, sent: Mapping[tuple[int, int], str], now: datetime) -> NewRun:
    one = start.published
    chain_id = one.chain_ids[start.temperature]
    chain = one.program.chains[start.temperature]
    last = sent.get((start.lead_id, chain_id))
    gone = one.gone.steps.get(start.temperature, {})
    place = entering.begins(chain, start.how, start.step, last, now, gone)
    due_at = start.due_at if start.due_at and place.resting is None else place.due_at
    return NewRun(
        program_id=one.id,
        chain_id=chain_id,
        version_id=one.row.version_id,
        lead_id=start.lead_id,
        step_key=place.step_key,
        due_at=due_at,
        due_reason=place.resting or start.reason,
        resting_reason=place.resting,
        data=start.data,
        entered_by=start.reason,
        parallel=start.parallel,
        occasion=start.occasion,
    )
