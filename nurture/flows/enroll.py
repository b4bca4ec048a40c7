"""Leads enter programs, change chains when their temperature changes, and leave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import goals_met, model_facts
from nurture.flows.begin import OUTSIDE, Start, begin
from nurture.flows.goals_met import LateGoal, Met
from nurture.flows.published import Published, published
from nurture.rules import entering
from nurture.rules.chain import GOAL_MET, OVER, Left, worth
from nurture.rules.conditions import Look, holds, looked_at
from nurture.rules.entering import Before
from nurture.rules.facts import Facts
from nurture.rules.program import EXIT_ON, Goal
from nurture.store import statistics, steps
from nurture.store.enrollments import runs
from nurture.store.enrollments.runs import OpenRun, Trace
from nurture.store.statistics import CHAIN, DayTally
from nurture.store.steps import FlowTally, NewEvent, StepTally

# The run that rested ended because its lead came in anew.
ANEW = "entered_anew"
_GOES_ALONG = ("sent", "rounds", "had")


@dataclass(frozen=True, slots=True)
class Move:
    """A lead's temperature under a model changed from `old` to `new`."""

    lead_id: int
    model_id: int
    old: str
    new: str


def asked_at_the_door(session: Session, now: datetime) -> dict[str, Look]:
    """The signals that entries and goals of the published programs look at under the default model."""
    programs = published(session, ("live", "paused")).values()
    return looked_at(one.asked_at_the_door(now) for one in programs if one.by_default_model)


def enter_programs(
    session: Session, lead_ids: Sequence[int], *, now: datetime, known: Mapping[int, Facts] | None = None
) -> int:
    """Enrol these leads in every live program whose entry they meet; returns how many entered. In the
    caller's transaction. `known` are facts of all these leads under the default model, with every signal that
    is `asked_at_the_door`; without them they are loaded."""
    if not lead_ids:
        return 0
    return sum(enter(session, one, lead_ids, known, now) for one in published(session).values())


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
        data = {name: run.data[name] for name in _GOES_ALONG if name in run.data}
        starts.append(Start(run.lead_id, one, move.new, how, None, data, run.temperature, reasons[run.id]))
        ended.append(run)
    over = {run.id: f"{OVER}:{start.temperature}" for run, start in zip(ended, starts, strict=True)}
    _end(session, ended, reasons, now, over)
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


def leave_on(
    session: Session,
    lead_ids: Sequence[int],
    what: str,
    reason: str,
    *,
    now: datetime,
    program_id: int | None = None,
) -> int:
    """End the runs of these leads in the programs (in one of them, if given) that are left when `what`
    happens: reply, hand_over. Returns how many ended."""
    programs = published(session, ("live", "paused"))
    if what not in EXIT_ON and not any(what in one.program.exit_on for one in programs.values()):
        return 0
    found = [
        run
        for run in runs.open_runs(session, sorted(set(lead_ids)))
        if program_id in (None, run.program_id)
        and what in (programs[run.program_id].program.exit_on if run.program_id in programs else EXIT_ON)
    ]
    _leave(session, found, dict.fromkeys((run.id for run in found), reason), now)
    return len(found)


def leave_runs(session: Session, found: Sequence[OpenRun], reason: str, *, now: datetime) -> None:
    """End these runs and cancel their mails that are not yet being sent."""
    _leave(session, found, dict.fromkeys((run.id for run in found), reason), now)


def leave_reached(
    session: Session, lead_ids: Sequence[int], *, now: datetime, known: Mapping[int, Facts] | None = None
) -> int:
    """End the runs of these leads whose program's goal holds now: an exit the moment it is met. Whoever has
    left before and meets it in time is counted too. `known` as for `enter_programs`."""
    programs = published(session, ("live", "paused"))
    reached = []
    met = []
    found: dict[int, list[OpenRun]] = {}
    for run in runs.open_runs(session, sorted(set(lead_ids))):
        found.setdefault(run.program_id, []).append(run)
    for program_id, standing in found.items():
        one = programs.get(program_id)
        goal = one.program.goal if one is not None else None
        if one is None or goal is None:
            continue
        mine = _known(session, one, [run.lead_id for run in standing], known, now)
        here = [run for run in standing if run.lead_id in mine and holds(goal.when, mine[run.lead_id], now)]
        reached += here
        met += [_met(run, goal, mine[run.lead_id]) for run in here]
    goals_met.count(session, met, now=now)
    _leave(session, reached, dict.fromkeys((run.id for run in reached), GOAL_MET), now)
    _count_late(session, programs, lead_ids, known, now)
    return len(reached)


def _count_late(
    session: Session,
    programs: Mapping[int, Published],
    lead_ids: Sequence[int],
    known: Mapping[int, Facts] | None,
    now: datetime,
) -> None:
    """Goals of leads who stand in the program no more: who answered and was won by it was won by it."""
    left: dict[int, list[int]] = {}
    for lead_id, program_id in statistics.still_open(session, sorted(set(lead_ids)), now=now):
        if program_id in programs and programs[program_id].program.goal is not None:
            left.setdefault(program_id, []).append(lead_id)
    late = []
    for program_id, ids in left.items():
        one = programs[program_id]
        goal, mine = one.program.goal, _known(session, one, ids, known, now)
        late += [
            LateGoal(lead_id, program_id, worth(goal, mine[lead_id]))
            for lead_id in ids
            if goal is not None and lead_id in mine and holds(goal.when, mine[lead_id], now)
        ]
    goals_met.count_late(session, late, now=now)


def enter(
    session: Session,
    one: Published,
    lead_ids: Sequence[int],
    known: Mapping[int, Facts] | None,
    now: datetime,
    dates_since: datetime | None = None,
) -> int:
    """Enrol these leads in one live program whose entry they meet; how many entered. Dates are looked at from
    `dates_since` on (None: not at all); `known` as for `enter_programs`."""
    # Who stands in the program already may come in again only where an occasion lets in.
    wanted = runs.welcome if one.lets_in_by_occasion else runs.without_run
    candidates = wanted(session, one.id, lead_ids)
    if not candidates:
        return 0
    mine = _known(session, one, candidates, known, now)
    traces = runs.traces(session, one.id, candidates)
    found = []
    for lead_id in candidates:
        if lead_id in mine and (
            start := _entry(one, mine[lead_id], traces.get(lead_id, ()), now, dates_since)
        ):
            found.append(start)
    return len(_come_in(session, one, found, now))


def _entry(
    one: Published, lead: Facts, traces: Sequence[Trace], now: datetime, dates_since: datetime | None
) -> tuple[Start, bool] | None:
    """How the lead comes in, and whether that ends the run that rests."""
    chain = one.program.chains.get(lead.temperature)
    if chain is None:
        return None
    before = _before(traces, one.chain_ids[lead.temperature])
    found = entering.entrance(one.program, chain, lead, before, now, dates_since=dates_since)
    if found is None:
        return None
    how = "holdout" if entering.held_out(one.program, lead.lead_id) else "restart"
    start = Start(
        lead.lead_id,
        one,
        lead.temperature,
        how,
        None,
        {},
        OUTSIDE,
        found.how,
        parallel=found.parallel,
        occasion=found.occasion,
    )
    return start, found.instead


def _before(traces: Sequence[Trace], chain_id: int) -> Before | None:
    """The lead's last run, in this chain or under way in another."""
    here = next((trace for trace in traces if trace.chain_id == chain_id), None)
    entered = here.entered_at if here is not None else entering.NEVER
    if any(trace.under_way for trace in traces):
        return Before(entered, None)
    resting = next((trace for trace in traces if trace.resting), None)
    if resting is not None:
        return Before(entered, resting.rests_since, resting.resting)
    return Before(entered, here.ended_at) if here is not None else None


def _come_in(
    session: Session, one: Published, found: Sequence[tuple[Start, bool]], now: datetime
) -> list[Start]:
    """Begin these runs; those that take the place of one at its rest end it."""
    returning = {start.lead_id for start, instead in found if instead}
    if returning:
        rests = [
            run
            for run in runs.open_runs(session, sorted(returning))
            if run.program_id == one.id and run.state == "resting" and not run.parallel
        ]
        _leave(session, rests, dict.fromkeys((run.id for run in rests), ANEW), now)
    return begin(session, [start for start, _instead in found], now=now)


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
    asked = one.asked_at_the_door(now)
    return model_facts.load(session, lead_ids, now=now, model_id=one.row.model_id, asked=asked)


def _has_to_move(one: Published, run: OpenRun, move: Move) -> bool:
    """A run beside another one belongs to its occasion: it stays in its chain."""
    return not run.parallel and entering.has_to_move(
        one.program, run.temperature, run.resting_reason, move.new
    )


def _met(run: OpenRun, goal: Goal, lead: Facts) -> Met:
    return Met(
        run_id=run.id,
        program_id=run.program_id,
        chain_id=run.chain_id,
        version_id=run.version_id,
        lead_id=run.lead_id,
        step_key=run.step_key,
        resting=run.resting_reason,
        worth=worth(goal, lead),
    )


def _leave(session: Session, found: Sequence[OpenRun], reasons: Mapping[int, str], now: datetime) -> None:
    _end(session, found, reasons, now)
    flows: FlowTally = Counter((run.program_id, run.temperature, OUTSIDE) for run in found)
    steps.count_flows(session, flows, now=now)


def _end(
    session: Session,
    found: Sequence[OpenRun],
    reasons: Mapping[int, str],
    now: datetime,
    over: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """End these runs, cancel their unsent mails and record it; `over` says of those that go on in another
    chain in which."""
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
    days = DayTally()
    for run in found:
        _count_left(days, run, over.get(run.id) or _how(reasons[run.id]), now)
    statistics.count(session, days, now=now)
    events = [NewEvent(run.id, run.lead_id, run.step_key, "left", reasons[run.id]) for run in found]
    steps.note(session, events, now=now)


def _how(reason: str) -> str:
    return reason if reason == GOAL_MET else f"left:{reason}"


def _count_left(days: DayTally, run: OpenRun, how: str, now: datetime) -> None:
    """Who rests has left the steps and the chain before."""
    if run.state != "active":
        return
    days.left(run.chain_id, run.version_id, Left(CHAIN, how, now - run.entered_at))
    if run.step_key is not None:
        since = run.step_since or run.entered_at
        days.left(run.chain_id, run.version_id, Left(run.step_key, how, now - since))
