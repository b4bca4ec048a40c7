"""Where leads stand in the program: they come in, change chains and leave, as `flows.enroll` has it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from nurture.rules import entering
from nurture.rules.chain import Standing
from nurture.rules.conditions import holds
from nurture.rules.entering import Before, Entrance
from nurture.rules.moments import moment_of
from nurture.rules.segments import TIME, asks
from nurture.rules.simulation.lead import Lead, Run
from nurture.rules.simulation.log import Log
from nurture.rules.simulation.timeline import OUTSIDE, STEP, Timeline
from nurture.rules.simulation.values import Trace, World
from nurture.rules.timing import zone_for

_A_DAY, _A_SECOND = timedelta(days=1), timedelta(seconds=1)


class Places:
    """`step` takes a run further when it is due; it is set by whoever does so."""

    def __init__(self, world: World, timeline: Timeline, log: Log) -> None:
        self.world, self.program = world, world.program
        self.timeline, self.log = timeline, log
        self.step: Callable[[Lead, Run, datetime], None]
        entries = [chain.enter for chain in self.program.chains.values() if chain.enter is not None]
        self._by_occasion = any(entry.by_occasion for entry in entries)
        self._by_date = any(entry.date is not None for entry in entries)
        conditions = [entry.when for entry in entries if entry.when is not None]
        self._by_time = any(TIME in asks(one) for one in (*conditions, *world.segments.values()))

    def look(self, lead: Lead, now: datetime) -> None:
        """Whether time alone has made a lead fit; looked at when a day begins."""
        lead.looks_at = None
        self.enter(lead, now)

    def wake(self, lead: Lead, now: datetime) -> None:
        """Something was learnt of the lead: runs that wait for it look again."""
        for run in lead.runs:
            if run.state == "active" and run.waiting_for is not None:
                self.due(lead, run, now)

    def due(self, lead: Lead, run: Run, at: datetime) -> None:
        """The run is due then, if not earlier."""
        if run.due_at is None or run.due_at > at:
            run.due_at = at
            self.timeline.push(at, STEP, self.step, lead, run)

    def leave_reached(self, lead: Lead, now: datetime) -> None:
        goal = self.program.goal
        if lead.runs and goal is not None and holds(goal.when, lead.seen(now), now):
            self.leave(lead, "goal", now)

    def leave(self, lead: Lead, reason: str, now: datetime) -> None:
        """Every run of the lead ends."""
        for run in list(lead.runs):
            self.log.note(lead, now, "left", chain=run.temperature, step=run.step, reason=reason)
            self.end(lead, run, now)

    def end(self, lead: Lead, run: Run, now: datetime) -> None:
        """This run is over."""
        run.state, run.due_at = "ended", None
        lead.runs.remove(run)
        known = lead.traces[run.temperature]
        lead.traces[run.temperature] = Trace(known.entered_at, now)
        self.watch(lead, now)

    def move(self, lead: Lead, now: datetime) -> None:
        """The lead has another temperature: its run goes on in the chain of that."""
        run, new = lead.main, lead.temperature
        if run is None:
            return
        if not entering.has_to_move(self.program, run.temperature, run.standing.resting, new):
            return
        reason, how = entering.way_over(self.program, run.temperature, new)
        self.log.note(lead, now, "left", chain=run.temperature, step=run.step, reason=reason)
        self.end(lead, run, now)
        standing = Standing(None, now, now, sent=run.standing.sent, rounds=run.standing.rounds)
        self.begin(lead, new, how, None, standing, reason, now)

    def enter(self, lead: Lead, now: datetime, dates_since: datetime | None = None) -> None:
        """The lead comes in where it fits."""
        if lead.runs and not self._by_occasion:
            return
        facts = lead.seen(now)
        chain = self.program.chains.get(facts.temperature)
        if chain is None:
            return
        before = _before(lead, facts.temperature)
        found = entering.entrance(self.program, chain, facts, before, now, dates_since=dates_since)
        if found is not None and self._is_new(lead, facts.temperature, found):
            self._come_in(lead, facts.temperature, found, now)
        self.watch(lead, now)

    def begin(
        self,
        lead: Lead,
        chain: str,
        how: str,
        step: str | None,
        standing: Standing,
        reason: str,
        now: datetime,
    ) -> None:
        """A run begins."""
        place = entering.begins(self.program.chains[chain], how, step, lead.last_sent.get(chain), now)
        why = place.resting or reason
        standing = replace(standing, step_key=place.step_key, resting=place.resting, waits=why)
        run = Run(chain, standing, "active" if place.resting is None else "resting", place.due_at)
        lead.runs.append(run)
        lead.traces[chain] = Trace(now, _ended(lead, chain))
        self.log.note(lead, now, "entered", chain=chain, step=place.step_key, reason=why)
        self.timeline.push(place.due_at, STEP, self.step, lead, run)

    def watch(self, lead: Lead, now: datetime) -> None:
        """Each day the base is looked through for leads that time alone has made fit."""
        if self._by_date:
            self._watch_date(lead, now)
        again = self._looks_at(lead, now)
        if again is not None and (lead.looks_at is None or again < lead.looks_at):
            lead.looks_at = again
            self.timeline.push(again, OUTSIDE, self.look, lead)

    def _watch_date(self, lead: Lead, now: datetime) -> None:
        """The next date of the lead that may let it in."""
        chain = self.program.chains.get(lead.temperature)
        entry = chain.enter if chain is not None else None
        if entry is None or entry.date is None:
            return
        zone = zone_for(lead.base.timezone, self.program.timezone)
        met = moment_of(entry.date, lead.fields, zone, since=now)
        if met is not None and met >= now and met != lead.dates_at:
            lead.dates_at = met
            self.timeline.push(met + _A_SECOND, OUTSIDE, self._on_date, lead)

    def _on_date(self, lead: Lead, now: datetime) -> None:
        self.enter(lead, now, dates_since=now - _A_SECOND)

    def _looks_at(self, lead: Lead, now: datetime) -> datetime | None:
        chain = self.program.chains.get(lead.temperature)
        if chain is None or chain.enter is None or (lead.runs and not self._by_occasion):
            return None
        last = _ended(lead, lead.temperature)
        if last is None:
            return day_after(now) if self._by_time and not lead.runs else None
        if chain.reentry is None or not chain.reentry.multiple:
            return None
        after = chain.reentry.after.elapsed if chain.reentry.after is not None else timedelta(0)
        return max(day_after(now), day_after(last + after - timedelta(microseconds=1)))

    def _is_new(self, lead: Lead, temperature: str, found: Entrance) -> bool:
        """Whether it has not come in by this occasion before."""
        if found.occasion is None:
            return True
        name = f"{temperature}:{found.occasion}"
        known = name in lead.occasions
        lead.occasions = lead.occasions | {name}
        return not known

    def _come_in(self, lead: Lead, temperature: str, found: Entrance, now: datetime) -> None:
        if found.instead:
            for run in [one for one in lead.runs if one.state == "resting" and not one.standing.parallel]:
                self.log.note(lead, now, "left", chain=run.temperature, step=None, reason="entered_anew")
                self.end(lead, run, now)
        how = "holdout" if entering.held_out(self.program, lead.id) else "restart"
        standing = Standing(None, now, now, parallel=found.parallel)
        self.begin(lead, temperature, how, None, standing, found.how, now)


def day_after(at: datetime) -> datetime:
    """The midnight, in UTC, after an instant: then the base is looked through."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + _A_DAY


def _ended(lead: Lead, chain: str) -> datetime | None:
    trace = lead.traces.get(chain)
    return trace.ended_at if trace is not None else None


def _before(lead: Lead, temperature: str) -> Before | None:
    """The lead's last run, in this chain or under way in another."""
    here = lead.traces.get(temperature)
    entered = here.entered_at if here is not None else entering.NEVER
    main = lead.main
    if main is not None and main.state == "active":
        return Before(entered, None)
    if main is not None and main.standing.resting is not None:
        return Before(entered, main.standing.since, main.standing.resting)
    return Before(entered, here.ended_at) if here is not None else None
