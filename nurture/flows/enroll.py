"""Leads enter programs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.begin import OUTSIDE, Start, begin
from nurture.flows.leave import leave_runs
from nurture.flows.model_facts import at_the_door
from nurture.flows.published import Published, published
from nurture.rules import entering
from nurture.rules.conditions import Look, looked_at
from nurture.rules.entering import Before
from nurture.rules.facts import Facts
from nurture.store.enrollments import runs
from nurture.store.enrollments.runs import Trace

# The run that rested ended because its lead came in anew.
ANEW = "entered_anew"


def asked_at_the_door(programs: Iterable[Published], now: datetime) -> dict[str, Look]:
    """The signals that entries and goals of these programs look at under the default model."""
    return looked_at(one.asked_at_the_door(now) for one in programs if one.by_default_model)


def enter_programs(
    session: Session,
    lead_ids: Sequence[int],
    *,
    now: datetime,
    known: Mapping[int, Facts] | None = None,
    programs: Mapping[int, Published] | None = None,
) -> int:
    """Enrol these leads in every live program whose entry they meet; returns how many entered. In the
    caller's transaction. `known` are facts of all these leads under the default model, with every signal that
    is `asked_at_the_door`, `programs` those that the caller has read; without them they are loaded."""
    if not lead_ids:
        return 0
    live = published(session) if programs is None else programs
    return sum(enter(session, one, lead_ids, known, now) for one in live.values() if one.row.state == "live")


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
    mine = at_the_door(session, one, candidates, known, now)
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
        leave_runs(session, rests, ANEW, now=now)
    return begin(session, [start for start, _instead in found], now=now)
