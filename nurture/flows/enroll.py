"""Leads enter programs, change chains when their temperature changes, and leave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import model_facts
from nurture.flows.published import Published, published
from nurture.rules import entering
from nurture.rules.conditions import holds, signals_asked
from nurture.rules.facts import Facts
from nurture.store import steps
from nurture.store.enrollments import runs
from nurture.store.enrollments.runs import NewRun, OpenRun
from nurture.store.steps import FlowTally, NewEvent, StepTally

OUTSIDE = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A lead's temperature under a model changed from `old` to `new`."""

    lead_id: int
    model_id: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Start:
    """A lead begins in the chain of `temperature`: at `step` if named, else as `how` says (resume after
    the last step sent there, restart, rest). `data` goes along (mails sent, hops). `due_at` is when the
    first step is due, if not at once."""

    lead_id: int
    published: Published
    temperature: str
    how: str
    step: str | None
    data: Mapping[str, Any]
    came_from: str
    reason: str
    due_at: datetime | None = None


def asked_at_the_door(session: Session, now: datetime) -> dict[str, datetime]:
    """The signals that entries and goals of the published programs look at under the default model, each
    with the instant after which one can matter."""
    mine = [one for one in published(session, ("live", "paused")).values() if one.by_default_model]
    return signals_asked((part for one in mine for part in one.at_the_door), now)


def enter_programs(
    session: Session, lead_ids: Sequence[int], *, now: datetime, known: Mapping[int, Facts] | None = None
) -> int:
    """Enrol these leads in every live program whose entry they meet and in which they stand nowhere;
    returns how many entered. In the caller's transaction. `known` are facts of all these leads under the
    default model, with every signal that is `asked_at_the_door`; without them they are loaded."""
    if not lead_ids:
        return 0
    return sum(_enter(session, one, lead_ids, known, now) for one in published(session).values())


def enter_existing(sessions: sessionmaker[Session], *, now: datetime, batch: int = 1000) -> int:
    """Let every lead of the base enter the live programs it fits, in batches of one transaction each;
    returns how many entered. To be called after publishing; repeating it is harmless."""
    entered, after = 0, 0
    while True:
        with sessions.begin() as session:
            lead_ids = runs.leads_after(session, after, limit=batch)
            entered += enter_programs(session, lead_ids, now=now)
        if len(lead_ids) < batch:
            return entered
        after = lead_ids[-1]


def move_leads(session: Session, moves: Sequence[Move], *, now: datetime) -> int:
    """Move leads whose temperature changed from the chain they stand in to that of the new temperature;
    mails not yet being sent are cancelled. Returns how many moved."""
    if not moves:
        return 0
    programs = published(session, ("live", "paused"))
    by_lead = {(move.lead_id, move.model_id): move for move in moves}
    reasons: dict[int, str] = {}
    starts: list[Start] = []
    ended: list[OpenRun] = []
    for run in runs.open_runs(session, sorted({move.lead_id for move in moves})):
        one = programs.get(run.program_id)
        move = by_lead.get((run.lead_id, one.row.heat_model_id)) if one is not None else None
        if one is None or move is None or not _has_to_move(one, run, move):
            continue
        reasons[run.id], how = entering.way_over(one.program, run.temperature, move.new)
        data = {"sent": run.data.get("sent", {})}
        starts.append(Start(run.lead_id, one, move.new, how, None, data, run.temperature, reasons[run.id]))
        ended.append(run)
    _end(session, ended, reasons, now)
    begin(session, starts, now=now)
    return len(starts)


def leave_all(
    session: Session,
    lead_ids: Sequence[int],
    reason: str,
    *,
    now: datetime,
    purpose: str | None = None,
    program_id: int | None = None,
) -> int:
    """End every run of these leads (in programs of one purpose, or in one program, if given) and cancel
    their mails that are not yet being sent. Returns how many runs ended."""
    open_runs = runs.open_runs(session, sorted(set(lead_ids)), purpose=purpose)
    found = [run for run in open_runs if program_id in (None, run.program_id)]
    _leave(session, found, dict.fromkeys((run.id for run in found), reason), now)
    return len(found)


def leave_reached(
    session: Session, lead_ids: Sequence[int], *, now: datetime, known: Mapping[int, Facts] | None = None
) -> int:
    """End the runs of these leads whose program's goal holds now: an exit the moment it is met. `known` as
    for `enter_programs`."""
    programs = published(session, ("live", "paused"))
    reached = []
    found: dict[int, list[OpenRun]] = {}
    for run in runs.open_runs(session, sorted(set(lead_ids))):
        found.setdefault(run.program_id, []).append(run)
    for program_id, standing in found.items():
        one = programs.get(program_id)
        goal = one.program.goal if one is not None else None
        if one is None or goal is None:
            continue
        mine = _known(session, one, [run.lead_id for run in standing], known, now)
        reached += [run for run in standing if run.lead_id in mine and holds(goal, mine[run.lead_id], now)]
    _leave(session, reached, dict.fromkeys((run.id for run in reached), "goal"), now)
    return len(reached)


def begin(session: Session, starts: Sequence[Start], *, now: datetime) -> int:
    """Begin these runs and record where each came from; returns how many began."""
    if not starts:
        return 0
    chain_ids = {start.published.chain_ids[start.temperature] for start in starts}
    sent = runs.last_sent(session, [start.lead_id for start in starts], sorted(chain_ids))
    new = [_new_run(start, sent, now) for start in starts]
    begun = runs.begin(session, new, now=now)
    tally: StepTally = Counter()
    flows: FlowTally = Counter()
    events = []
    for start, run in zip(starts, new, strict=True):
        run_id = begun.get((run.program_id, run.lead_id))
        if run_id is None:
            continue
        flows[start.published.id, start.came_from, start.temperature] += 1
        if run.step_key is not None and run.resting_reason is None:
            tally[run.chain_id, run.version_id, run.step_key, "entered"] += 1
        detail = {"from": start.came_from, "chain": start.temperature}
        events.append(NewEvent(run_id, start.lead_id, run.step_key, "entered", start.reason, detail))
    steps.note(session, events, now=now)
    steps.count(session, tally)
    steps.count_flows(session, flows, now=now)
    return len(begun)


def _enter(
    session: Session,
    one: Published,
    lead_ids: Sequence[int],
    known: Mapping[int, Facts] | None,
    now: datetime,
) -> int:
    outside = runs.without_run(session, one.id, lead_ids)
    if not outside:
        return 0
    mine = _known(session, one, outside, known, now)
    ended = runs.last_ended(session, one.id, outside)
    leads = (mine[lead_id] for lead_id in outside if lead_id in mine)
    fitting = [lead for lead in leads if _may_enter(one, lead, ended, now)]
    return begin(session, [_entry(one, lead) for lead in fitting], now=now)


def _known(
    session: Session,
    one: Published,
    lead_ids: Sequence[int],
    known: Mapping[int, Facts] | None,
    now: datetime,
) -> Mapping[int, Facts]:
    """Facts of leads as this program sees them, with the signals that its door looks at."""
    if known is not None and one.by_default_model:
        return known
    asked = signals_asked(one.at_the_door, now)
    return model_facts.load(session, lead_ids, now=now, model_id=one.row.model_id, asked=asked)


def _may_enter(one: Published, lead: Facts, ended: Mapping[tuple[int, int], datetime], now: datetime) -> bool:
    mine = {
        name: ended[lead.lead_id, chain_id]
        for name, chain_id in one.chain_ids.items()
        if (lead.lead_id, chain_id) in ended
    }
    return entering.may_enter(one.program, lead, mine, now)


def _entry(one: Published, lead: Facts) -> Start:
    how = "holdout" if entering.held_out(one.program, lead.lead_id) else "restart"
    return Start(lead.lead_id, one, lead.temperature, how, None, {}, OUTSIDE, "entry")


def _has_to_move(one: Published, run: OpenRun, move: Move) -> bool:
    return entering.has_to_move(one.program, run.temperature, run.resting_reason, move.new)


def _new_run(start: Start, sent: Mapping[tuple[int, int], str], now: datetime) -> NewRun:
    one = start.published
    chain_id = one.chain_ids[start.temperature]
    chain = one.program.chains[start.temperature]
    last = sent.get((start.lead_id, chain_id))
    place = entering.begins(chain, start.how, start.step, last, now)
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
    )


def _leave(session: Session, found: Sequence[OpenRun], reasons: Mapping[int, str], now: datetime) -> None:
    _end(session, found, reasons, now)
    flows: FlowTally = Counter((run.program_id, run.temperature, OUTSIDE) for run in found)
    steps.count_flows(session, flows, now=now)


def _end(session: Session, found: Sequence[OpenRun], reasons: Mapping[int, str], now: datetime) -> None:
    """End these runs, cancel their unsent mails and record it."""
    if not found:
        return
    runs.end(session, reasons, now=now)
    for reason in sorted(set(reasons.values())):
        ids = [run.id for run in found if reasons[run.id] == reason]
        runs.cancel_unsent(session, ids, f"left:{reason}", now=now)
    tally: StepTally = Counter(
        (run.chain_id, run.version_id, run.step_key, "left")
        for run in found
        if run.state == "active" and run.step_key is not None
    )
    steps.count(session, tally)
    events = [NewEvent(run.id, run.lead_id, run.step_key, "left", reasons[run.id]) for run in found]
    steps.note(session, events, now=now)
