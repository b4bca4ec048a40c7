"""The tree of a condition: frozen values, nothing that only Python understands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Literal

from nurture.rules.duration import Duration

Scalar = str | int | float | bool | date | datetime
Value = Scalar | tuple[Scalar, ...]
Trait = Literal["tag", "temperature", "grade", "stage", "segment", "source", "consent"]

EVER = datetime(1970, 1, 1, tzinfo=UTC)
# A condition counts signals; beyond this many of one lead no rule can tell the difference.
MOST_SIGNALS = 500
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


@dataclass(frozen=True, slots=True)
class Look:
    """How far to look for signals of a kind: those after `since`, of them the latest `most`."""

    since: datetime = EVER
    most: int = MOST_SIGNALS


def signals_asked(conditions: Iterable[Condition], now: datetime) -> dict[str, Look]:
    """The kinds of signals that conditions look at, each with how far one can matter: who asks for three
    clicks need not see more than the latest three."""
    return looked_at(
        {part.kind: Look(_since(part, now), part.at_least if part.mail is None else MOST_SIGNALS)}
        for condition in conditions
        for part in parts_of(condition)
        if isinstance(part, Signalled)
    )


def looked_at(asked: Iterable[Mapping[str, Look]]) -> dict[str, Look]:
    """What several ask for, together."""
    found: dict[str, Look] = {}
    for looks in asked:
        for kind, look in looks.items():
            known = found.get(kind, look)
            found[kind] = Look(min(known.since, look.since), max(known.most, look.most))
    return found


def _since(part: Signalled, now: datetime) -> datetime:
    return now - part.within.elapsed if part.within else EVER
