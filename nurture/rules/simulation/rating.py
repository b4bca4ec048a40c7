"""Rating in a simulation: signals warm leads, silence cools them, and what follows is done at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from nurture.rules import crossing as crossing_rules
from nurture.rules import heat, readiness, scorecard
from nurture.rules.crossing import Crossing
from nurture.rules.facts import SignalFact
from nurture.rules.readiness import Reckoned
from nurture.rules.sales_signals import SAID_BY_SALES
from nurture.rules.simulation.lead import Lead
from nurture.rules.simulation.log import Log
from nurture.rules.simulation.places import Places
from nurture.rules.simulation.sales import Sales
from nurture.rules.simulation.timeline import RATE, SILENCE, Timeline
from nurture.rules.simulation.values import World
from nurture.rules.touches import is_touch


class Inbox:
    """Signals that are not rated yet; those of one lead and instant are rated together."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._waiting: dict[int, list[SignalFact]] = {}
        self.rating: Rating

    def receive(self, lead: Lead, signal: SignalFact, now: datetime) -> None:
        if lead.no not in self._waiting:
            self._timeline.push(now, RATE, self._rate, lead)
        self._waiting.setdefault(lead.no, []).append(signal)

    def _rate(self, lead: Lead, now: datetime) -> None:
        self.rating.rate(lead, self._waiting.pop(lead.no), now)


class Rating:
    """As `flows.rate` and `flows.judge` have it."""

    def __init__(self, world: World, places: Places, sales: Sales, timeline: Timeline, log: Log) -> None:
        self.world, self.places, self.sales = world, places, sales
        self.timeline, self.log = timeline, log

    def come(self, lead: Lead, now: datetime) -> None:
        """A new lead is judged for the first time."""
        self.log.note(lead, now, "came")
        self._follow(lead, now, moved=False, hand_over=True)

    def rate(self, lead: Lead, signals: Sequence[SignalFact], now: datetime) -> None:
        first = lead.take(signals)
        lead.touches += sum(is_touch(one.kind) for one in signals)
        before = lead.temperature
        for row in (lead.warmth, lead.own):
            if row is not None:
                old = row.temperature
                if row.count(signals, first, now) and row is lead.warmth:
                    self._tell(lead, old, now, signals[-1].kind)
        hand_over = any(one.kind not in SAID_BY_SALES for one in signals)
        self._follow(lead, now, moved=lead.temperature != before, hand_over=hand_over)

    def silence(self, lead: Lead, now: datetime) -> None:
        """Heat may have cooled to a threshold, or a floor run out."""
        rows = [row for row in (lead.warmth, lead.own) if row is not None and row.known]
        if not any(row.due_at is not None and row.due_at <= now for row in rows):
            return
        before = lead.temperature
        for row in rows:
            old = row.temperature
            if row.cool(now) and row is lead.warmth:
                self._tell(lead, old, now, "silence")
        self._follow(lead, now, moved=lead.temperature != before, hand_over=False)

    def watch(self, lead: Lead) -> None:
        """Have silence looked at when it is due."""
        for row in (lead.warmth, lead.own):
            if row is not None and row.due_at is not None and row.due_at != row.watched:
                row.watched = row.due_at
                self.timeline.push(row.due_at, SILENCE, self.silence, lead)

    def _tell(self, lead: Lead, old: str, now: datetime, by: str) -> None:
        worth, new = round(lead.warmth.worth(now), 1), lead.warmth.temperature
        self.log.note(lead, now, "temperature", old=old, new=new, heat=worth, by=by)

    def _follow(self, lead: Lead, now: datetime, *, moved: bool, hand_over: bool) -> None:
        """What judging brings about, in its order."""
        model, facts = self.world.model, lead.judged(now)
        grade = scorecard.grade(model.scorecard, facts, now, lead.grade_override).grade
        facts = replace(facts, grade=grade)
        found = readiness.reckon(model, facts, now, lead.last_ripening)
        crossing = crossing_rules.crossing(lead.armed, found, model.readiness)
        last, policy = lead.last_ripening, model.readiness
        crossing = crossing_rules.at_its_place(crossing, lead.stage, lead.future_at, found, now, last, policy)
        self._arm_later(lead, found, crossing, now)
        lead.grade, lead.readiness = grade, found.score
        if crossing == "rearm":
            self._arm(lead, now)
        self.watch(lead)
        lead.join_segments(now)
        self.places.wake(lead, now)
        self.places.leave_reached(lead, now)
        if moved:
            self.places.move(lead, now)
        self.places.enter(lead, now)
        if hand_over and crossing in ("cross", "hurry"):
            self.sales.ripen(lead, readiness.cause_of(found), found.score, now)

    def _arm(self, lead: Lead, now: datetime) -> None:
        lead.armed = True
        if lead.handoff is not None and lead.handoff.state == "waiting":
            self.sales.look(now)

    def _arm_later(self, lead: Lead, found: Reckoned, crossing: Crossing, now: datetime) -> None:
        """A lead that has ripened is also due when its score falls low enough to arm it again."""
        if (lead.armed and crossing != "cross") or not lead.warmth.known:
            return
        model, known = self.world.model, lead.warmth.due_at
        edge = readiness.falls_below_at_heat(model, found)
        due = None if edge is None else heat.cool_at(lead.warmth.heat.net, edge, model.half_life_s)
        if due is not None and due > now and (known is None or known > due):
            lead.warmth.due_at = due
