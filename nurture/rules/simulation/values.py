"""What a simulation is made from: a world of rules, people as they stand, and what they and sales do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from nurture.rules.caps import Bucket
from nurture.rules.chain import Standing
from nurture.rules.conditions import Condition
from nurture.rules.facts import Facts
from nurture.rules.heat import NO_HEAT, Heat
from nurture.rules.model import HeatModel
from nurture.rules.program import Program
from nurture.rules.readiness import LastRipening
from nurture.rules.temperature import NO_FLOORS, Floors
from nurture.rules.timing import Frequency, Window

OPENED, CLICKED, REPLIED = "opened", "clicked", "replied"
ASKED, UNSUBSCRIBED = "meeting_requested", "unsubscribed"
REACTIONS = (OPENED, CLICKED, REPLIED, ASKED, UNSUBSCRIBED)


@dataclass(frozen=True)
class World:
    """The rules that hold. `model` is the default one, by which leads are judged; `own` that of the program,
    where it names another. `segments` are those that anything asks for, each after those it leans on; `cap`
    and `hours` hold over everything that is sent."""

    program: Program
    model: HeatModel
    own: HeatModel | None = None
    segments: Mapping[str, Condition] = field(default_factory=dict)
    cap: Frequency | None = None
    hours: Window | None = None


@dataclass(frozen=True, slots=True)
class Warm:
    """A lead's heat under a model as it stands; `due_at` is when silence changes it."""

    heat: Heat = NO_HEAT
    level: str = "cold"
    temperature: str = "cold"
    floors: Floors = NO_FLOORS
    due_at: datetime | None = None
    buckets: Mapping[tuple[str, object], Bucket] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stand:
    """The run that a lead is in: the chain of `temperature`, `state` active or resting."""

    temperature: str
    standing: Standing
    state: str
    due_at: datetime | None
    waiting_for: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What a lead has left in a chain: when it last came in and last ended."""

    entered_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A lead as it is when the simulation begins, or when it comes (`comes_at`). `facts` are under the
    default model; `rates_as` is None for a lead that was never rated. `sends` are the capped mails it has
    had; `last_sent` and `traces` are by temperature; by each of the `occasions` it has come in before."""

    facts: Facts
    name: str = ""
    comes_at: datetime | None = None
    suppressed: bool = False
    paused_until: datetime | None = None
    armed: bool = True
    grade_override: str | None = None
    future_at: datetime | None = None
    came_from: str | None = None
    last_ripening: LastRipening | None = None
    rates_as: Warm | None = None
    rates_as_own: Warm | None = None
    runs: Sequence[Stand] = ()
    sends: Sequence[datetime] = ()
    last_sent: Mapping[str, str] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    occasions: frozenset[str] = frozenset()
    handoff: "OpenHandoff | None" = None


@dataclass(frozen=True, slots=True)
class OpenHandoff:
    """A hand-off that has not come to its end when the simulation begins."""

    state: str
    cause: str
    score: float
    ready_at: datetime


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a lead does with a mail, so long `after` it was sent."""

    kind: str
    after: timedelta


@dataclass(frozen=True, slots=True)
class Answer:
    """What sales says of a hand-off, so long `after` it was released: accepted, rejected, meeting."""

    outcome: str
    after: timedelta


class Behaviour(Protocol):
    """What people do; the same question has the same answer."""

    def reactions(self, lead: int, mail: str, time: int) -> Sequence[Reaction]:
        """Of the lead with this number to a mail it gets for the n-th `time` (0 first)."""

    def answers(self, lead: int, time: int) -> Sequence[Answer]:
        """Of sales to the n-th hand-off of this lead, in their order."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many leads sales takes a day (None: all), the zone in which a day begins, and how many it has
    `taken` already on the first one."""

    per_day: int | None = None
    timezone: str = "UTC"
    taken: int = 0
