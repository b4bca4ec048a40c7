"""The course of a simulation: time jumps from event to event, and each event is decided by the rules that the
engine itself decides by.

At one instant the order is that of a turn of the pump: what comes from outside, rating, silence, the release
of hand-offs, the steps of chains. A mail is accepted the moment it is sent; the engine takes as long as the
mail server does, and looks for due work twice a second.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from typing import Any

from nurture.rules import entering, heat, readiness, ripening, scorecard, stages
from nurture.rules.chain import Around, Decision, Hand, MoveTo, SendMail, SetTo, Standing, Tag, next_step
from nurture.rules.conditions import holds
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.program import Chain
from nurture.rules.readiness import LastRipening
from nurture.rules.segments import TIME, asks
from nurture.rules.simulation.lead import Handoff, Lead, Run
from nurture.rules.simulation.log import Log
from nurture.rules.simulation.sales import Desk
from nurture.rules.simulation.values import REPLIED, UNSUBSCRIBED, Behaviour, Capacity, Person, World
from nurture.rules.touches import is_touch

_ARRIVE, _OUTSIDE, _RATE, _SILENCE, _RELEASE, _ADVANCE = range(6)
_NO_CHAIN = Chain("", ())
_A_DAY = timedelta(days=1)

Event = tuple[datetime, int, int, Lead | None, Callable[[datetime], None] | None]


class Course:
    """People under the rules of a world from `start` to `end`. `log` hears of everything that happens."""

    def __init__(
        self,
        world: World,
        people: Sequence[Person],
        behaviour: Behaviour,
        capacity: Capacity,
        log: Log,
        *,
        start: datetime,
        end: datetime,
    ) -> None:
        self.world, self.program = world, world.program
        self.behaviour, self.log = behaviour, log
        self.start, self.end, self.now = start, end, start
        self.leads = [Lead(no, person, world) for no, person in enumerate(people)]
        self.desk = Desk(capacity)
        self._events: list[Event] = []
        self._pushed = 0
        self._inbox: dict[int, list[SignalFact]] = {}
        self._rests = _rests(world)
        for lead, person in zip(self.leads, people, strict=True):
            self._seat(lead, person)

    def run(self, progress: Callable[[float], None] = lambda _share: None) -> None:
        """To the end; `progress` hears of the share that is done, about a hundred times."""
        whole, told = self.end - self.start, 0
        while self._events and self._events[0][0] < self.end:
            at, order, _no, lead, call = heappop(self._events)
            self.now = at
            if call is not None:
                call(at)
            elif lead is not None:
                self._happen(order, lead, at)
            else:
                self._release(at)
            if (at - self.start) / whole * 100 >= told:
                told += 1
                progress((at - self.start) / whole)

    def _seat(self, lead: Lead, person: Person) -> None:
        """Where a person stands when it begins."""
        comes = max(person.comes_at or self.start, self.start)
        if person.handoff is not None:
            opened = self.desk.take_over(lead, person.handoff)
            lead.handoff, lead.handoffs = opened, 1
            if opened.state == "waiting":
                self._push(comes, _RELEASE, None)
        for row in (lead.warmth, lead.own):
            if row is not None and row.due_at is not None:
                self._push(max(row.due_at, comes), _SILENCE, lead)
        if lead.run is None:
            self._push(comes, _ARRIVE, lead)
        elif lead.run.due_at is not None:
            lead.run.due_at = max(lead.run.due_at, comes)
            self._push(lead.run.due_at, _ADVANCE, lead)

    def _push(
        self,
        at: datetime,
        order: int,
        lead: Lead | None,
        call: Callable[[datetime], None] | None = None,
    ) -> None:
        self._pushed += 1
        heappush(self._events, (at, order, self._pushed, lead, call))

    def _happen(self, order: int, lead: Lead, now: datetime) -> None:
        match order:
            case 5:
                run = lead.run
                if run is not None and run.due_at is not None and run.due_at <= now:
                    self._advance(lead, run, now)
            case 2:
                self._rate(lead, self._inbox.pop(lead.no, ()), now)
            case 3:
                self._silence(lead, now)
            case _:
                self._arrive(lead, now)

    # What happens to a lead

    def _arrive(self, lead: Lead, now: datetime) -> None:
        """It comes, or a day has begun on which it may fit by now."""
        if lead.came_at is not None and lead.came_at <= now:
            lead.came_at = None
            self.log.note(lead, now, "came")
            self._follow(lead, now, moved=False, hand_over=True)
        else:
            self._enter(lead, now)
        self._look_again(lead, now)

    def _rate(self, lead: Lead, signals: Sequence[SignalFact], now: datetime) -> None:
        first = lead.take(signals)
        lead.touches += sum(is_touch(one.kind) for one in signals)
        before = lead.temperature
        for row in (lead.warmth, lead.own):
            if row is not None:
                old = row.temperature
                if row.count(signals, first, now) and row is lead.warmth:
                    self._tell_temperature(lead, old, now, signals[-1].kind)
        self._follow(lead, now, moved=lead.temperature != before, hand_over=True)

    def _silence(self, lead: Lead, now: datetime) -> None:
        rows = [row for row in (lead.warmth, lead.own) if row is not None and row.known]
        if not any(row.due_at is not None and row.due_at <= now for row in rows):
            return
        before = lead.temperature
        for row in rows:
            old = row.temperature
            if row.cool(now) and row is lead.warmth:
                self._tell_temperature(lead, old, now, "silence")
        self._follow(lead, now, moved=lead.temperature != before, hand_over=False)

    def _tell_temperature(self, lead: Lead, old: str, now: datetime, by: str) -> None:
        heat_now = round(lead.warmth.worth(now), 1)
        self.log.note(lead, now, "temperature", old=old, new=lead.warmth.temperature, heat=heat_now, by=by)

    def _follow(self, lead: Lead, now: datetime, *, moved: bool, hand_over: bool) -> None:
        """What judging brings about, in the order of `flows.judge.follow`."""
        model, facts = self.world.model, lead.judged(now)
        grade = scorecard.grade(model.scorecard, facts, now, lead.grade_override).grade
        facts = replace(facts, grade=grade)
        found = readiness.reckon(model, facts, now, lead.last_ripening)
        crossing = readiness.crossing(lead.armed, found, model.readiness)
        if crossing == "cross" and not readiness.may_ripen(lead.stage, lead.future_at, found, now):
            crossing = "stay"
        self._arm_later(lead, facts, found, crossing, now)
        lead.grade, lead.readiness = grade, found.score
        if crossing == "rearm":
            lead.armed = True
            if lead.handoff is not None and lead.handoff.state == "waiting":
                self._push(now, _RELEASE, None)
        self._watch_silence(lead)
        lead.join_segments(now)
        self._wake(lead, now)
        self._leave_reached(lead, now)
        if moved:
            self._move(lead, now)
        self._enter(lead, now)
        if hand_over and crossing == "cross":
            self._ripen(lead, readiness.cause_of(found), found.score, now)

    def _arm_later(
        self, lead: Lead, facts: Facts, found: readiness.Found, crossing: str, now: datetime
    ) -> None:
        """A lead that has ripened is also due when its score falls low enough to arm it again."""
        if (lead.armed and crossing != "cross") or not lead.warmth.known:
            return
        model = self.world.model
        edge = readiness.falls_below_at_heat(model, found)
        due = None if edge is None else heat.cool_at(lead.warmth.heat.net, edge, model.half_life_s)
        known = lead.warmth.due_at
        if due is not None and due > now and (known is None or known > due):
            lead.warmth.due_at = due

    def _watch_silence(self, lead: Lead) -> None:
        for row in (lead.warmth, lead.own):
            if row is not None and row.due_at is not None and row.due_at != row.watched:
                row.watched = row.due_at
                self._push(max(row.due_at, self.now), _SILENCE, lead)

    # Where a lead stands

    def _wake(self, lead: Lead, now: datetime) -> None:
        run = lead.run
        if run is not None and run.state == "active" and run.waiting_for is not None:
            self._due(lead, run, now)

    def _due(self, lead: Lead, run: Run, at: datetime) -> None:
        if run.due_at is None or run.due_at > at:
            run.due_at = at
            self._push(at, _ADVANCE, lead)

    def _leave_reached(self, lead: Lead, now: datetime) -> None:
        goal = self.program.goal
        if lead.run is not None and goal is not None and holds(goal, lead.seen(now), now):
            self._leave(lead, "goal", now)

    def _leave(self, lead: Lead, reason: str, now: datetime) -> None:
        if lead.run is not None:
            step = lead.run.standing.step_key if lead.run.state == "active" else None
            self.log.note(lead, now, "left", chain=lead.run.temperature, step=step, reason=reason)
            self._end(lead, now)

    def _end(self, lead: Lead, now: datetime) -> None:
        if lead.run is not None:
            lead.ended[lead.run.temperature] = now
            lead.run = None
            self._look_again(lead, now)

    def _move(self, lead: Lead, now: datetime) -> None:
        run, new = lead.run, lead.temperature
        if run is None or not entering.has_to_move(self.program, run.temperature, run.standing.resting, new):
            return
        reason, how = entering.way_over(self.program, run.temperature, new)
        sent, came_from = run.standing.sent, run.temperature
        step = run.standing.step_key if run.state == "active" else None
        self.log.note(lead, now, "left", chain=came_from, step=step, reason=reason)
        lead.ended[came_from] = now
        standing = Standing(None, now, now, sent=sent)
        self._begin(lead, new, how, None, standing, reason, now)

    def _enter(self, lead: Lead, now: datetime) -> None:
        if lead.run is not None:
            return
        facts = lead.seen(now)
        if entering.may_enter(self.program, facts, lead.ended, now):
            how = "holdout" if entering.held_out(self.program, lead.id) else "restart"
            self._begin(lead, facts.temperature, how, None, Standing(None, now, now), "entry", now)

    def _begin(
        self,
        lead: Lead,
        chain: str,
        how: str,
        step: str | None,
        standing: Standing,
        reason: str,
        now: datetime,
    ) -> None:
        place = entering.begins(self.program.chains[chain], how, step, lead.last_sent.get(chain), now)
        why = place.resting or reason
        standing = replace(standing, step_key=place.step_key, resting=place.resting, waits=why)
        lead.run = Run(chain, standing, "active" if place.resting is None else "resting", place.due_at)
        self.log.note(lead, now, "entered", chain=chain, step=place.step_key, reason=why)
        self._push(place.due_at, _ADVANCE, lead)

    def _look_again(self, lead: Lead, now: datetime) -> None:
        """Each day the base is looked through for leads that time alone has made fit."""
        if lead.run is not None:
            return
        temperature = lead.temperature
        chain = self.program.chains.get(temperature)
        if chain is None or chain.enter is None:
            return
        last = lead.ended.get(temperature)
        if last is not None:
            if chain.reentry is None:
                return
            self._push(max(_day_after(now), _next_day(last + chain.reentry.elapsed)), _ARRIVE, lead)
        elif self._rests:
            self._push(_day_after(now), _ARRIVE, lead)

    # Steps

    def _advance(self, lead: Lead, run: Run, now: datetime) -> None:
        chain = self.program.chains.get(run.temperature, _NO_CHAIN)
        around = Around(
            sends=lead.sends,
            suppressed=lead.suppressed,
            cap=self.world.cap,
            with_sales=lead.with_sales,
            paused_until=lead.paused_until if lead.paused_until and lead.paused_until > now else None,
        )
        decision = next_step(self.program, chain, run.standing, lead.seen(now), around, now)
        self._tell(lead, run, decision, now)
        run.standing, run.state = replace(decision.standing, waits=decision.reason), decision.state
        run.waiting_for, run.due_at = decision.waiting_for, decision.due_at
        if decision.state == "ended":
            self._end(lead, now)
        elif decision.due_at is not None and decision.reason != "with_sales":
            # Sales itself wakes a run that steps aside for it; until then no look changes anything.
            self._push(decision.due_at, _ADVANCE, lead)
        changed = [self._act(lead, run, intent, now) for intent in decision.intents]
        if any(changed) and lead.join_segments(now):
            self._wake(lead, now)
            self._leave_reached(lead, now)
            self._enter(lead, now)

    def _tell(self, lead: Lead, run: Run, decision: Decision, now: datetime) -> None:
        note, chain = self.log.note, run.temperature
        self.log.steps(chain, decision.arrivals, decision.departures)
        for line in decision.history:
            note(lead, now, line.what, chain=chain, step=line.step_key, reason=line.reason, **line.detail)
        if decision.state == "active" and decision.due_at is not None:
            until = decision.due_at
            note(lead, now, "waits", chain=chain, step=decision.position, reason=decision.reason, until=until)

    def _act(self, lead: Lead, run: Run, intent: Any, now: datetime) -> bool:
        """Carry out what a step wants; whether the lead itself changed."""
        match intent:
            case SendMail():
                self._send(lead, run, intent, now)
            case Tag(tags=tags):
                lead.tags = lead.tags | set(tags)
            case SetTo(field=name, to=value):
                lead.fields = {**lead.fields, name: value, f"fields.{name}": value}
            case Hand():
                self._ripen(lead, "step", lead.readiness, now)
            case MoveTo(chain=chain, step=step):
                standing = Standing(None, now, now, sent=run.standing.sent, hops=run.standing.hops)
                self._begin(lead, chain, "resume", step, standing, "goto", now)
                return False
        return True

    def _send(self, lead: Lead, run: Run, mail: SendMail, now: datetime) -> None:
        time = lead.mails.get(mail.mail, 0)
        lead.mails[mail.mail] = time + 1
        lead.sends.append(now)
        lead.touches += 1
        lead.last_sent[run.temperature] = mail.step_key
        self.log.note(lead, now, "sent", chain=run.temperature, step=mail.step_key, mail=mail.mail)
        run.standing = replace(run.standing, settled_state="sent", settled_at=now, waits="settled")
        self._due(lead, run, now)
        for reaction in self.behaviour.reactions(lead.no, mail.mail, time):
            at = now + reaction.after
            if at < self.end:
                signal = SignalFact(reaction.kind, at, mail.mail, {"mail": mail.mail})
                self._push(at, _OUTSIDE, None, partial(self._react, lead, signal))

    def _react(self, lead: Lead, signal: SignalFact, now: datetime) -> None:
        """A lead does something with a mail."""
        if signal.kind == UNSUBSCRIBED:
            purpose = self.program.purpose
            if purpose not in lead.consents:
                return
            lead.consents = lead.consents - {purpose}
            self._leave(lead, "unsubscribed", now)
        elif signal.kind == REPLIED:
            self._leave(lead, "replied", now)
        self.log.note(lead, now, signal.kind, mail=signal.mail)
        self._receive(lead, signal, now)

    def _receive(self, lead: Lead, signal: SignalFact, now: datetime) -> None:
        if lead.no not in self._inbox:
            self._push(now, _RATE, lead)
        self._inbox.setdefault(lead.no, []).append(signal)

    # Sales

    def _ripen(self, lead: Lead, cause: str, score: float, now: datetime) -> None:
        is_open = lead.handoff is not None and lead.handoff.state in stages.OPEN
        if (
            is_open
            and lead.handoff is not None
            and lead.handoff.state == "waiting"
            and cause in ripening.URGENT
        ):
            lead.handoff.cause = cause
            self._push(now, _RELEASE, None)
        if not ripening.makes_handoff(cause, stage=lead.stage, armed=lead.armed, is_open=is_open):
            return
        lead.came_from, lead.stage, lead.armed, lead.future_at = lead.stage, "sales_ready", False, None
        lead.last_ripening = LastRipening(now, lead.base.bant)
        lead.handoff = self.desk.take_in(lead, cause, score, now)
        lead.handoffs += 1
        self.log.note(lead, now, "ripe", cause=cause, score=score)
        self._push(now, _RELEASE, None)
        if lead.join_segments(now):
            self._wake(lead, now)
            self._leave_reached(lead, now)

    def _release(self, now: datetime) -> None:
        """Sales takes the ripest for which it has room; those that cooled meanwhile are taken back."""
        for handoff in self.desk.cooled():
            self._withdraw(handoff, now)
        for handoff in self.desk.release(now):
            self.log.note(handoff.lead, now, "released", cause=handoff.cause, ready_at=handoff.ready_at)
            for answer in self.behaviour.answers(handoff.lead.no, handoff.time):
                at = now + answer.after
                if at < self.end:
                    self._push(at, _OUTSIDE, None, partial(self._answer, handoff, answer.outcome))
        again = self.desk.next_day(now)
        if again is not None:
            self._push(again, _RELEASE, None)

    def _withdraw(self, handoff: Handoff, now: datetime) -> None:
        lead = handoff.lead
        handoff.state = "withdrawn"
        lead.handoff, lead.armed = None, True
        lead.stage = stages.returned_to(lead.came_from)
        lead.last_ripening = LastRipening(now, handoff.bant)
        self.log.note(lead, now, "withdrawn")

    def _answer(self, handoff: Handoff, outcome: str, now: datetime) -> None:
        lead = handoff.lead
        if not stages.takes(handoff.state, outcome):
            return
        move = stages.after(outcome, "", came_from=lead.came_from)
        handoff.state = outcome
        lead.stage, lead.armed, lead.future_at = move.stage, lead.armed or move.arms, None
        self.log.note(lead, now, "answered", outcome=outcome)
        if outcome == "rejected":
            lead.handoff = None
            lead.last_ripening = LastRipening(now, handoff.bant)
        if move.ends_nurturing:
            self._leave(lead, "goal", now)
        run = lead.run
        if outcome == "rejected" and run is not None and run.standing.waits == "with_sales":
            self._due(lead, run, now)
        if move.arms:
            self._enter(lead, now)
        if outcome == "meeting":
            self._receive(lead, SignalFact("meeting_booked", now), now)


def _day_after(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + _A_DAY


def _next_day(at: datetime) -> datetime:
    """The first midnight from `at` on."""
    return _day_after(at - timedelta(microseconds=1))


def _rests(world: World) -> bool:
    """Whether time alone can make a lead fit the entry of a chain."""
    entries = [chain.enter for chain in world.program.chains.values() if chain.enter is not None]
    conditions = [*entries, *world.segments.values()]
    return any(TIME in asks(one) for one in conditions)
