"""What happens next to a lead in a chain: facts and a moment in, a decision out.

Deciding twice is harmless: every step tells from where the run stands (since when, whether its mail has
settled) whether it is done. A wait recomputes its end, so a changed time zone re-plans it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nurture.rules.conditions import holds
from nurture.rules.consent import may_mail
from nurture.rules.facts import Facts
from nurture.rules.program import (
    AddTags,
    Branch,
    Chain,
    Exit,
    Goto,
    HandOver,
    Program,
    Send,
    SetField,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
)
from nurture.rules.timing import (
    Frequency,
    closes_at,
    ends_at,
    free_at,
    next_open,
    next_weekday,
    window_of,
    zone_for,
)

# More steps at one moment than any chain has: a circle that the check of the program did not see.
HOPS = 100
# How often a run may change chains without a mail in between.
CHAIN_HOPS = 6
# When a lead that rests is looked at again, unless the chain's reentry says so.
REVIEW = timedelta(days=90)
_A_DAY = timedelta(days=1)
# How soon after the end of its conversation with sales a lead hears from its chain again.
_LOOK_AGAIN = timedelta(hours=1)

RESTING = ("newsletter_only", "repeat", "rest", "holdout", "circle", "chain_removed")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands, and what it `waits` for until now. `step_key` None: before the first step;
    `over`: behind the last one. `sent` tells when each mail of this run was handed to delivery; `hops`
    counts changes of chain since the last mail."""

    step_key: str | None
    since: datetime
    entered_at: datetime
    pass_no: int = 1
    settled_state: str | None = None
    settled_at: datetime | None = None
    sent: Mapping[str, datetime] = field(default_factory=dict)
    hops: int = 0
    over: bool = False
    resting: str | None = None
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What a mail must respect beside the chain: `sends` are the lead's mails sent or about to be, `cap`
    holds over everything that is sent, `with_sales` tells that sales is talking to the lead, and until
    `paused_until` the lead wants no mails."""

    sends: Sequence[datetime] = ()
    suppressed: bool = False
    cap: Frequency | None = None
    with_sales: bool = False
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendMail:
    """Send this mail before `until`, when the window closes (None: at any time)."""

    step_key: str
    mail: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetTo:
    field: str
    to: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Hand:
    step_key: str


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Leave this run and go on in another chain, at `step` if named."""

    chain: str
    step: str | None


Intent = SendMail | Tag | SetTo | Hand | MoveTo


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a run's history."""

    step_key: str | None
    what: str
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The run afterwards: `state` active (standing at `position` until `due_at`; None while a mail is
    under way), resting or ended. `reason` says what it waits for, rests for or ended by; `finished`
    that the chain came to its end now. `arrivals` and `departures` are the steps come to and left."""

    state: str
    standing: Standing
    due_at: datetime | None
    reason: str
    waiting_for: str | None = None
    finished: str | None = None
    intents: tuple[Intent, ...] = ()
    history: tuple[Happening, ...] = ()
    arrivals: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()

    @property
    def position(self) -> str | None:
        return self.standing.step_key


@dataclass(frozen=True, slots=True)
class _Stay:
    due_at: datetime | None
    reason: str
    waiting_for: str | None = None


@dataclass(frozen=True, slots=True)
class _Go:
    key: str | None
    at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class _Leave:
    reason: str
    move: MoveTo | None = None


_Outcome = _Stay | _Go | _Leave


def next_step(
    program: Program, chain: Chain, standing: Standing, facts: Facts, around: Around, now: datetime
) -> Decision:
    """Take the run as far as it comes at this moment."""
    return _Run(program, chain, standing, facts, around, now).decide()


def rest_ends(chain: Chain | None, reason: str, now: datetime) -> datetime:
    """When a lead that rests for this reason is looked at again."""
    again = chain.reentry.elapsed if chain is not None and chain.reentry else REVIEW
    return now + (max(again, _A_DAY) if reason == "repeat" else REVIEW)


class _Run:
    """One walk along a chain at one moment; nothing outside of it changes."""

    def __init__(
        self,
        program: Program,
        chain: Chain,
        standing: Standing,
        facts: Facts,
        around: Around,
        now: datetime,
    ) -> None:
        self.program, self.chain, self.standing = program, chain, standing
        self.facts, self.around, self.now = facts, around, now
        self.zone: ZoneInfo = zone_for(facts.timezone, program.timezone)
        self.intents: list[Intent] = []
        self.history: list[Happening] = []
        self.arrivals: list[str] = []
        self.departures: list[str] = []
        self.at = None if standing.resting or standing.over else standing.step_key

    def decide(self) -> Decision:
        if self.program.goal is not None and holds(self.program.goal, self.facts, self.now):
            return self._end("goal", "ended", "goal")
        if self.standing.resting is not None:
            return self._awake()
        if self.standing.over:
            return self._finish("done")
        if self.standing.step_key is None and not self._arrive(self.chain.first, self.standing.entered_at):
            return self._finish("done")
        return self._walk()

    def _walk(self) -> Decision:
        for _hop in range(HOPS):
            step = self.chain.by_key.get(self.standing.step_key or "")
            if step is None:
                return self._finish("step_removed")
            outcome = self._do(step)
            if isinstance(outcome, _Stay):
                return self._stay(outcome)
            self._depart()
            if isinstance(outcome, _Leave):
                return self._leave(outcome)
            if not self._arrive(outcome.key, outcome.at, again=outcome.again):
                return self._finish("done")
        return self._rest("circle")

    def _arrive(self, key: str | None, at: datetime, *, again: bool = False) -> bool:
        if key is None:
            return False
        # A weekday is looked for from the moment of arrival, even when the wait before ended long ago.
        since = self.now if isinstance(self.chain.by_key.get(key), WaitUntil) else at
        pass_no = self.standing.pass_no + again
        self.standing = replace(
            self.standing,
            step_key=key,
            since=since,
            pass_no=pass_no,
            settled_state=None,
            settled_at=None,
            waits="",
        )
        self.arrivals.append(key)
        self.at = key
        return True

    def _depart(self) -> None:
        if self.at is not None:
            self.departures.append(self.at)
            self.at = None

    def _do(self, step: Step) -> _Outcome:
        match step:
            case Send():
                return self._send(step)
            case Wait():
                return self._until(step, ends_at(self.standing.since, step.duration, self.zone), "wait")
            case WaitUntil():
                met = next_weekday(self.standing.since, step.weekdays, step.minute, self.zone)
                return self._until(step, met, "wait_until")
            case WaitFor():
                return self._wait_for(step)
            case Branch():
                return self._branch(step)
            case Goto():
                return self._goto(step)
            case Exit():
                self._note(step, "done")
                return _Leave(step.reason)
            case HandOver():
                self.intents.append(Hand(step.key))
                self._note(step, "handed_over")
            case AddTags():
                self.intents.append(Tag(step.tags))
                self.facts = replace(self.facts, tags=self.facts.tags | set(step.tags))
                self._note(step, "done")
            case SetField():
                self.intents.append(SetTo(step.field, step.to))
                changed = {step.field: step.to, f"fields.{step.field}": step.to}
                self.facts = replace(self.facts, fields={**self.facts.fields, **changed})
                self._note(step, "done")
        return self._on(step, self.standing.since)

    def _on(self, step: Step, at: datetime) -> _Go:
        return _Go(self.chain.after[step.key], at)

    def _until(self, step: Step, end: datetime, reason: str) -> _Outcome:
        if self.now < end:
            return _Stay(end, reason)
        self._note(step, "waited", reason)
        return self._on(step, end)

    def _send(self, step: Send) -> _Outcome:
        if self.standing.settled_state is not None:
            return self._on(step, self.standing.settled_at or self.now)
        verdict = may_mail(self.facts, self.program.purpose, self.around.suppressed)
        if not verdict.allowed:
            return self._skip(step, verdict.reason)
        at_once = step.immediate and not self.standing.sent
        held = None if at_once else self._held_back(step)
        if held is not None:
            return held
        until = None if at_once else closes_at(self.program.window, self.zone, self.now)
        self.intents.append(SendMail(step.key, step.mail, until))
        sent = {**self.standing.sent, step.mail: self.now}
        self.standing = replace(self.standing, sent=sent, hops=0)
        return _Stay(None, "sending")

    def _held_back(self, step: Send) -> _Outcome | None:
        aside = self._aside(step)
        if aside is not None:
            return aside
        free = self.now
        for cap in (self.program.frequency, self.around.cap):
            next_free = free_at(cap, self.around.sends, self.now)
            if cap is not None and cap.over == "skip" and next_free > self.now:
                return self._skip(step, "frequency")
            free = max(free, next_free)
        window = window_of(self.program.window, self.facts.fields.get("country"))
        opened = next_open(window, self.zone, free)
        if opened is None:
            return self._skip(step, "window")
        if opened == self.now:
            return None
        reason = "frequency" if free > self.now else "window"
        return self._defer(step, opened, reason)

    def _aside(self, step: Send) -> _Stay | None:
        """Step aside while sales talks to the lead, and while the lead wants a pause."""
        if self.around.with_sales and self.program.while_with_sales == "pause":
            return self._defer(step, self.now + _LOOK_AGAIN, "with_sales")
        until = self.around.paused_until
        if until is not None and until > self.now:
            return self._defer(step, until, "own_pause")
        return None

    def _defer(self, step: Send, until: datetime, reason: str) -> _Stay:
        if self.standing.waits != reason:
            self._note(step, "deferred", reason, until=until.isoformat())
        return _Stay(until, reason)

    def _skip(self, step: Send, reason: str) -> _Go:
        self._note(step, "skipped", reason)
        return self._on(step, self.standing.since)

    def _wait_for(self, step: WaitFor) -> _Outcome:
        if self._signalled(step):
            self._note(step, "branched", "then")
            return _Go(self.chain.into(step, step.then), self.now)
        deadline = ends_at(self.standing.since, step.within, self.zone)
        if self.now < deadline:
            return _Stay(deadline, "wait_for", step.signal)
        self._note(step, "branched", "else")
        return _Go(self.chain.into(step, step.otherwise), deadline)

    def _signalled(self, step: WaitFor) -> bool:
        """A signal of a named mail counts from the moment the mail was sent (or the run began), any other
        only after this step was come to."""
        if step.mail is None:
            return any(
                s.kind == step.signal and s.occurred_at > self.standing.since for s in self.facts.signals
            )
        since = self.standing.sent.get(step.mail, self.standing.entered_at)
        return any(
            signal.kind == step.signal and signal.mail == step.mail and signal.occurred_at >= since
            for signal in self.facts.signals
        )

    def _branch(self, step: Branch) -> _Outcome:
        for no, arm in enumerate(step.arms, start=1):
            if arm.when is None or holds(arm.when, self.facts, self.now):
                self._note(step, "branched", "else" if arm.when is None else str(no))
                return _Go(self.chain.into(step, arm.steps), self.standing.since)
        self._note(step, "branched", "none")
        return self._on(step, self.standing.since)

    def _goto(self, step: Goto) -> _Outcome:
        self._note(step, "done")
        if step.chain is None or step.chain == self.chain.temperature:
            return _Go(step.step, self.standing.since, again=True)
        return _Leave("goto", MoveTo(step.chain, step.step))

    def _note(self, step: Step, what: str, reason: str = "", **detail: Any) -> None:
        self.history.append(Happening(step.key, what, reason, detail))

    def _stay(self, stay: _Stay) -> Decision:
        return self._decision("active", stay.due_at, stay.reason, waiting_for=stay.waiting_for)

    def _leave(self, leave: _Leave) -> Decision:
        if leave.move is None:
            return self._finish(leave.reason)
        if self.standing.hops >= CHAIN_HOPS:
            return self._rest("circle")
        self.intents.append(leave.move)
        self.standing = replace(self.standing, hops=self.standing.hops + 1)
        return self._end("goto", "ended", None)

    def _finish(self, reason: str) -> Decision:
        """The chain has come to its end; what comes after is the program's to say."""
        if self.program.after_end == "exit":
            return self._end(reason, "ended", reason)
        self.history.append(Happening(self.standing.step_key, "finished", reason))
        return self._rest(self.program.after_end, reason)

    def _rest(self, reason: str, finished: str | None = None) -> Decision:
        self._depart()
        self.history.append(Happening(self.standing.step_key, "resting", reason))
        self.standing = replace(self.standing, resting=reason)
        due = rest_ends(self.chain, reason, self.now)
        return self._decision("resting", due, reason, finished=finished)

    def _end(self, reason: str, state: str, finished: str | None) -> Decision:
        self._depart()
        self.history.append(Happening(self.standing.step_key, "left", reason))
        return self._decision(state, None, reason, finished=finished)

    def _awake(self) -> Decision:
        """The date of a rest has come: repeat if that was the plan and the lead still fits, or rest on."""
        reason = self.standing.resting or ""
        fits = self.chain.enter is None or holds(self.chain.enter, self.facts, self.now)
        if reason != "repeat" or not fits:
            due = rest_ends(self.chain, reason, self.now)
            return self._decision("resting", due, reason)
        self.standing = replace(self.standing, resting=None, over=False)
        self.history.append(Happening(None, "repeated"))
        if not self._arrive(self.chain.first, self.now, again=True):
            return self._finish("done")
        return self._walk()

    def _decision(
        self,
        state: str,
        due_at: datetime | None,
        reason: str,
        *,
        waiting_for: str | None = None,
        finished: str | None = None,
    ) -> Decision:
        return Decision(
            state=state,
            standing=self.standing,
            due_at=due_at,
            reason=reason,
            waiting_for=waiting_for,
            finished=finished,
            intents=tuple(self.intents),
            history=tuple(self.history),
            arrivals=tuple(self.arrivals),
            departures=tuple(self.departures),
        )
