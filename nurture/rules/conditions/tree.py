"""The tree of a condition: frozen values, nothing that only Python understands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Literal

from nurture.rules.duration import Duration

Scalar = str | int | float | bool | date | datetime
Value = Scalar | tuple[Scalar, ...]
Trait = Literal["tag", "temperature", "grade", "stage", "segment", "source", "consent"]

EVER = datetime(1970, 1, 1, tzinfo=UTC)
BANT_PARTS = ("budget", "authority", "need", "timing")
BANT_ANSWERS = ("unknown", "no", "partly", "yes")


class Op(StrEnum):
    """What may be asked of a field."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"
    EXISTS = "exists"


ORDERING = frozenset({Op.GT, Op.GTE, Op.LT, Op.LTE})


@dataclass(frozen=True, slots=True)
class Compare:
    """One field against one wanted value; a tuple for `in` and `not_in`, a bool for `exists`."""

    field: str
    op: Op
    wanted: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """The trait is, or for tags, segments and consents holds, any of the names."""

    trait: Trait
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signalled:
    """At least so many human signals of a kind, for a mail if named, in (now − within, now]."""

    kind: str
    mail: str | None = None
    at_least: int = 1
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class Bant:
    """Every one of these BANT answers is among the allowed ones; an answer never given is unknown."""

    parts: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition = Compare | OneOf | Signalled | Bant | AllOf | AnyOf | Not


def parts_of(condition: Condition) -> Iterator[Condition]:
    """The condition and everything inside it, outermost first."""
    yield condition
    if isinstance(condition, Not):
        yield from parts_of(condition.part)
    elif isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from parts_of(part)


def signals_asked(conditions: Iterable[Condition], now: datetime) -> dict[str, datetime]:
    """The kinds of signals that conditions look at, each with the instant after which one can matter."""
    asked: dict[str, datetime] = {}
    for condition in conditions:
        for part in parts_of(condition):
            if isinstance(part, Signalled):
                since = now - part.within.elapsed if part.within else EVER
                asked[part.kind] = min(since, asked.get(part.kind, since))
    return asked
