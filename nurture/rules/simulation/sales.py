"""Sales in a simulation: leads ripen, wait for room, are handed over, and answered."""

from collections.abc import Callable
from datetime import datetime

from nurture.rules import ripening, stages
from nurture.rules.facts import SignalFact
from nurture.rules.readiness import LastRipening
from nurture.rules.sales_signals import KIND_OF
from nurture.rules.simulation.desk import Desk
from nurture.rules.simulation.lead import Handoff, Lead
from nurture.rules.simulation.log import Log
from nurture.rules.simulation.places import Places
from nurture.rules.simulation.timeline import OUTSIDE, RELEASE, Timeline
from nurture.rules.simulation.values import Behaviour, OpenHandoff


class Sales:
    """As `flows.ripen`, `flows.hand_over` and `flows.answer` have it. `receive` takes a signal of a lead."""

    def __init__(
        self,
        desk: Desk,
        places: Places,
        behaviour: Behaviour,
        receive: Callable[[Lead, SignalFact, datetime], None],
        timeline: Timeline,
        log: Log,
    ) -> None:
        self.desk, self.places, self.behaviour = desk, places, behaviour
        self.receive, self.timeline, self.log = receive, timeline, log

    def take_over(self, lead: Lead, opened: OpenHandoff) -> None:
        """A hand-off that was open before the simulation began."""
        lead.handoff = self.desk.take_over(lead, opened)
        lead.handoffs = 1
        if opened.state == "waiting":
            self.look(self.timeline.start)

    def look(self, at: datetime) -> None:
        """Have the line looked at then."""
        self.timeline.push(at, RELEASE, self.release)

    def ripen(self, lead: Lead, cause: str, score: float, now: datetime) -> None:
        """The lead was found ripe."""
        known = lead.handoff
        is_open = known is not None and known.state in stages.OPEN
        if known is not None and known.state == "waiting" and cause in ripening.URGENT:
            known.cause = cause
            self.look(now)
        if not ripening.makes_handoff(cause, stage=lead.stage, armed=lead.armed, is_open=is_open):
            return
        lead.came_from, lead.stage, lead.armed, lead.future_at = lead.stage, "sales_ready", False, None
        lead.last_ripening = LastRipening(now, lead.base.bant)
        lead.handoff = self.desk.take_in(lead, cause, score, now)
        lead.handoffs += 1
        self.log.note(lead, now, "ripe", cause=cause, score=score)
        self.look(now)
        self._changed(lead, now)

    def release(self, now: datetime) -> None:
        """Sales takes the ripest for which it has room; those that cooled meanwhile are taken back."""
        for handoff in self.desk.cooled():
            self._withdraw(handoff, now)
        for handoff in self.desk.release(now):
            lead = handoff.lead
            self.log.note(lead, now, "released", cause=handoff.cause, ready_at=handoff.ready_at)
            if "hand_over" in self.places.program.exit_on:
                self.places.leave(lead, "handed_over", now)
            for answer in self.behaviour.answers(lead.no, handoff.time):
                self.timeline.push(now + answer.after, OUTSIDE, self.answer, handoff, answer.outcome)
        again = self.desk.next_day(now)
        if again is not None:
            self.look(again)

    def answer(self, handoff: Handoff, outcome: str, now: datetime) -> None:
        """What sales says of a lead it has."""
        lead = handoff.lead
        if not stages.takes(handoff.state, outcome):
            return
        move = stages.after(outcome, "", came_from=lead.came_from)
        handoff.state = outcome
        lead.stage, lead.armed, lead.future_at = move.stage, lead.armed or move.arms, None
        self.log.note(lead, now, "answered", outcome=outcome)
        if move.ends_nurturing:
            self.places.leave(lead, "goal", now)
        if outcome == "rejected":
            lead.handoff = None
            lead.last_ripening = LastRipening(now, handoff.bant, given_back=True)
            for run in lead.runs:
                if run.standing.waits == "with_sales":
                    self.places.due(lead, run, now)
        if move.arms:
            self.places.enter(lead, now)
        self.receive(lead, SignalFact(KIND_OF[outcome], now), now)
        self._changed(lead, now)

    def _withdraw(self, handoff: Handoff, now: datetime) -> None:
        lead = handoff.lead
        handoff.state = "withdrawn"
        lead.handoff, lead.armed = None, True
        lead.stage = stages.returned_to(lead.came_from)
        lead.last_ripening = LastRipening(now, handoff.bant)
        self.log.note(lead, now, "withdrawn")
        self._changed(lead, now)

    def _changed(self, lead: Lead, now: datetime) -> None:
        if lead.join_segments(now):
            self.places.wake(lead, now)
            self.places.leave_reached(lead, now)
            self.places.enter(lead, now)
