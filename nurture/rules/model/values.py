"""What a heat model says, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from nurture.rules.conditions import (
    AllOf,
    AnyOf,
    Bant,
    Compare,
    Condition,
    Not,
    Op,
    Signalled,
    parts_of,
)
from nurture.rules.duration import Duration

TEMPERATURES = ("cold", "warm", "hot")
GRADES = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class SignalRule:
    """What one signal of a kind is worth, if `when` holds of its data. `cap` is how many count per lead
    and UTC day; a `floor` puts the lead at a temperature for `floor_for` (one half-life unless said).
    `no` is its place among the alternatives of its kind, None when it is the only one."""

    kind: str
    weight: float
    no: int | None = None
    when: Condition | None = None
    cap: int | None = None
    floor: str | None = None
    floor_for: Duration | None = None

    @property
    def key(self) -> str:
        """Names the rule in buckets."""
        return self.kind if self.no is None else f"{self.kind}#{self.no}"


@dataclass(frozen=True, slots=True)
class Band:
    """A threshold with hysteresis: reached at `rise`, left at `fall`."""

    rise: float
    fall: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    warm: Band
    hot: Band


@dataclass(frozen=True, slots=True)
class ScoreRule:
    when: Condition
    points: float
    text: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Potential: the points from which a lead is an A or a B; below them it is a C."""

    a: float
    b: float
    rules: tuple[ScoreRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """Points of each part of readiness at its best; together 100 as a rule."""

    need: float = 25
    activity: float = 35
    data: float = 20
    bant: float = 20


@dataclass(frozen=True, slots=True)
class NeedRule:
    """Something that shows a need; `share` is per cent of the part, summed up to 100."""

    when: Condition
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class DataPolicy:
    """How the data part fills: per cent for each grade, and the fields that fill the rest evenly."""

    a: float
    b: float
    c: float
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a lead must have at least, whatever its score."""

    temperature: str | None = None
    grade: str | None = None


DEFAULT_NEED = (
    NeedRule(Bant(("need",), ("yes",)), 100, "need confirmed"),
    NeedRule(Bant(("need",), ("partly",)), 50, "need partly confirmed"),
    NeedRule(Compare("interest", Op.EXISTS, True), 50, "interest named"),
    NeedRule(Signalled("viewed_product", within=Duration(60, "d")), 50, "looked at a product"),
    NeedRule(Signalled("form_submitted", within=Duration(60, "d")), 50, "sent a form"),
    NeedRule(Signalled("downloaded", within=Duration(60, "d")), 30, "downloaded material"),
    NeedRule(Signalled("clicked", at_least=3, within=Duration(60, "d")), 50, "followed our links repeatedly"),
)
DEFAULT_DATA = DataPolicy(70, 50, 20, ("company.name", "company.size", "role", "phone", "country"))


COOL_DOWN_DAYS = 7.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """The policy marketing and sales agree on: the score that hands over, and what must be true. A lead that
    sales gave back is not handed over for its score again before `cool_down_days` are over."""

    rise: float
    fall: float
    parts: Parts = Parts()
    require: Requirements = Requirements()
    always: tuple[Condition, ...] = ()
    need: tuple[NeedRule, ...] = DEFAULT_NEED
    data: DataPolicy = DEFAULT_DATA
    cool_down_days: float = COOL_DOWN_DAYS

    @property
    def need_that_counts(self) -> tuple[NeedRule, ...]:
        """What shows a need, where a need is worth points at all."""
        return self.need if self.parts.need else ()


@dataclass(frozen=True, slots=True)
class HeatModel:
    key: str
    half_life: Duration
    rules: tuple[SignalRule, ...]
    thresholds: Thresholds
    scorecard: Scorecard | None
    readiness: Readiness

    @property
    def half_life_s(self) -> float:
        """Seconds in which heat halves."""
        return self.half_life.seconds

    def rules_of(self, kind: str) -> tuple[SignalRule, ...]:
        """The alternatives of a kind, in the order of the file."""
        return tuple(rule for rule in self.rules if rule.kind == kind)

    def floor_span(self, rule: SignalRule) -> timedelta:
        """How long the floor of a rule holds."""
        return (rule.floor_for or self.half_life).elapsed

    @property
    def longest_floor(self) -> timedelta:
        """The span of that floor which holds longest; none for a model without floors."""
        return max((self.floor_span(rule) for rule in self.rules if rule.floor), default=timedelta())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition that a lead is judged by: scorecard, need, always."""
        card = self.scorecard.rules if self.scorecard else ()
        need = self.readiness.need_that_counts
        return (*(rule.when for rule in card), *(rule.when for rule in need), *self.readiness.always)

    def rates_like(self, other: "HeatModel") -> bool:
        """True if both give every lead the same heat and the same floors."""
        mine, theirs = frozenset(self.rules), frozenset(other.rules)
        return self.half_life.elapsed == other.half_life.elapsed and mine == theirs


def signal_names(data: Mapping[str, Any], mail: str | None) -> dict[str, Any]:
    """The names that the `when` of a signal rule may ask for."""
    return {"data": data, "mail": mail}


def asks_only_the_signal(when: Condition) -> bool:
    """True if nothing but the signal itself decides, so that what it is worth never changes."""
    for part in parts_of(when):
        if isinstance(part, Compare):
            if part.field != "mail" and not part.field.startswith("data."):
                return False
        elif not isinstance(part, AllOf | AnyOf | Not):
            return False
    return True
