"""Runs end: their leads leave the program, and mails that are not yet being sent are cancelled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from nurture.flows.begin import OUTSIDE
from nurture.flows.published import published
from nurture.rules.chain import GOAL_MET, Left
from nurture.rules.program import EXIT_ON
from nurture.store import statistics, steps
from nurture.store.enrollments import runs
from nurture.store.enrollments.runs import OpenRun
from nurture.store.statistics import CHAIN, DayTally
from nurture.store.steps import FlowTally, NewEvent, StepTally


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
    leave_runs(session, found, reason, now=now)
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
    leave_runs(session, found, reason, now=now)
    return len(found)


def leave_runs(session: Session, found: Sequence[OpenRun], reason: str, *, now: datetime) -> None:
    """End these runs and cancel their mails that are not yet being sent."""
    end(session, found, dict.fromkeys((run.id for run in found), reason), now=now)
    flows: FlowTally = Counter((run.program_id, run.temperature, OUTSIDE) for run in found)
    steps.count_flows(session, flows, now=now)


def end(
    session: Session,
    found: Sequence[OpenRun],
    reasons: Mapping[int, str],
    *,
    now: datetime,
    over: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """End these runs, each for its reason (by run), cancel their unsent mails and record it; `over` says of
    those that go on in another chain in which. Whether they left the program is for the caller to count."""
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
