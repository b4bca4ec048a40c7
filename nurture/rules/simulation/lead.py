"""One lead while a simulation runs: what the tables of the engine hold of it, in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nurture.rules.chain import Standing
from nurture.rules.conditions import holds
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.readiness import LastRipening
from nurture.rules.simulation.values import Person, World
from nurture.rules.simulation.warmth import Warmth

TALKING = ("accepted", "contacted", "meeting")


@dataclass(slots=True)
class Run:
    """A run of a lead; `state` active, resting or ended. `due_at` None: nothing but an event takes it
    further."""

    temperature: str
    standing: Standing
    state: str
    due_at: datetime | None
    waiting_for: str | None = None

    @property
    def step(self) -> str | None:
        """Where it stands, while it is under way."""
        return self.standing.step_key if self.state == "active" else None


@dataclass(slots=True)
class Handoff:
    """A hand-off; `state` waiting, released, accepted, meeting, rejected or withdrawn. `time` counts those of
    the lead, `number` all of them."""

    lead: "Lead"
    number: int
    time: int
    cause: str
    score: float
    ready_at: datetime
    bant: Mapping[str, str]
    state: str = "waiting"
    released_at: datetime | None = None


class Lead:
    """Everything about it that changes. `no` is its number in this simulation, `id` what rules see."""

    def __init__(self, no: int, person: Person, world: World) -> None:
        known = person.facts
        self.no, self.id, self.name = no, known.lead_id, person.name
        self.world = world
        self.base = known
        self.stage, self.grade, self.readiness = known.stage, known.grade, known.readiness
        self.tags, self.consents, self.segments = known.tags, known.consents, known.segments
        self.fields: Mapping[str, Any] = known.fields
        self.signals: tuple[SignalFact, ...] = known.signals
        self.touches = known.touches
        self.armed, self.grade_override = person.armed, person.grade_override
        self.future_at, self.came_from = person.future_at, person.came_from
        self.last_ripening: LastRipening | None = person.last_ripening
        self.suppressed, self.paused_until = person.suppressed, person.paused_until
        self.warmth = Warmth(world.model, person.rates_as)
        self.own = Warmth(world.own, person.rates_as_own) if world.own is not None else None
        self.sends = list(person.sends)
        self.last_sent, self.traces = dict(person.last_sent), dict(person.traces)
        self.occasions = person.occasions
        self.runs = [
            Run(one.temperature, one.standing, one.state, one.due_at, one.waiting_for) for one in person.runs
        ]
        self.handoff: Handoff | None = None
        self.handoffs = 0
        self.mails: dict[str, int] = {}
        self.known_signals = 0
        self.looks_at: datetime | None = None
        self.dates_at: datetime | None = None

    @property
    def main(self) -> Run | None:
        """The run that follows its temperature."""
        return next((run for run in self.runs if not run.standing.parallel), None)

    @property
    def with_sales(self) -> bool:
        return self.handoff is not None and self.handoff.state in TALKING

    @property
    def temperature(self) -> str:
        """By the program's model."""
        return (self.own or self.warmth).temperature

    def judged(self, now: datetime) -> Facts:
        """As judging sees it: heat rounded, under the default model."""
        return self._facts(self.warmth.worth(now), self.warmth.temperature)

    def seen(self, now: datetime) -> Facts:
        """As the steps of the program see it."""
        mine = self.own or self.warmth
        return self._facts(mine.value(now), mine.temperature)

    def take(self, signals: Sequence[SignalFact]) -> int:
        """Keep new signals; the number of the first."""
        first = self.known_signals + 1
        self.known_signals += len(signals)
        self.signals = (*self.signals, *signals)
        return first

    def join_segments(self, now: datetime) -> bool:
        """Bring its memberships up to date; whether they changed."""
        if not self.world.segments:
            return False
        found: frozenset[str] = frozenset()
        facts = self._facts(self.warmth.value(now), self.warmth.temperature)
        for key, condition in self.world.segments.items():
            if holds(condition, replace(facts, segments=found), now):
                found = found | {key}
        kept = frozenset(key for key in self.base.segments if key not in self.world.segments)
        changed = found | kept != self.segments
        self.segments = found | kept
        return changed

    def _facts(self, heat: float, temperature: str) -> Facts:
        base = self.base
        return Facts(
            base.lead_id,
            self.stage,
            temperature,
            heat,
            self.grade,
            self.readiness,
            base.source,
            base.owner,
            self.tags,
            self.consents,
            self.segments,
            self.fields,
            base.bant,
            self.signals,
            self.touches,
            base.timezone,
            base.target_score,
        )
