"""Readiness: hand over now? A score of four parts, requirements, and rules that need neither.

    need      share of the need rules that hold, summed up to 100 %
    activity  heat / the heat at which a lead turns hot, up to 1
    data      the grade's share and, for the rest to 100 %, the share of the named fields that are known
    bant      yes counts 1, partly 1/2, out of the four answers

each times the points of its part. Reasons are rounded to a tenth by largest remainder and add up to
the score; the score compared with the threshold is the one shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Literal, NamedTuple, Protocol

from nurture.rules import names, scorecard, shares, temperature
from nurture.rules.conditions import Bant, Condition, Signalled, describe, holds, parts_of
from nurture.rules.conditions.tree import BANT_PARTS
from nurture.rules.facts import Facts
from nurture.rules.heat import TOLERANCE
from nurture.rules.model import HeatModel, Readiness, Requirements
from nurture.rules.ripening import DIRECT_REQUEST
from nurture.rules.words import _

PART_NAMES = ("need", "activity", "data", "bant")
Cause = Literal["threshold", "direct_request", "bant"]


# Tuples, these two: some are made for each lead that is rated.
class Reason(NamedTuple):
    """Points of the score and what they are for, put into words when somebody asks: most judgements are made
    to be written down as numbers."""

    points: float
    words: Callable[[], str]

    @property
    def text(self) -> str:
        return self.words()


class Part(NamedTuple):
    """One part of the score; its `reasons` add up to its `points`, at most `best`."""

    name: str
    points: float
    best: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the policy asks for beside points, in words when somebody asks."""

    words: Callable[[], str]
    met: bool

    @property
    def text(self) -> str:
        return self.words()


@dataclass(frozen=True, slots=True)
class LastRipening:
    """What was true when the lead ripened last: it does not ripen the lead again. `given_back` tells that
    sales closed it by giving the lead back, at that moment."""

    at: datetime
    bant: Mapping[str, str]
    given_back: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """Readiness at a moment. `cause` is the `always` rule that holds and is news, if any."""

    score: float
    parts: tuple[Part, ...]
    requirements: tuple[Requirement, ...]
    cause: Cause | None
    cause_text: str = ""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """All reasons, together the score."""
        return tuple(reason for part in self.parts for reason in part.reasons)

    @property
    def points(self) -> dict[str, float]:
        """What each part brings, by its name."""
        return {part.name: part.points for part in self.parts}

    @property
    def meets_requirements(self) -> bool:
        return all(requirement.met for requirement in self.requirements)

    @property
    def beside_activity(self) -> float:
        """What the score is made of beside heat."""
        return sum(part.points for part in self.parts if part.name != "activity")


class Found(Protocol):
    """What decides about a crossing: a judgement, or the same without its words."""

    @property
    def score(self) -> float: ...

    @property
    def cause(self) -> Cause | None: ...

    @property
    def meets_requirements(self) -> bool: ...

    @property
    def beside_activity(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A judgement without its words, for whoever judges by the million. `points` are those of every reason,
    by part."""

    cause: Cause | None
    meets_requirements: bool
    points: Mapping[str, tuple[float, ...]]

    @property
    def score(self) -> float:
        return shares.whole([points for part in self.points.values() for points in part])

    @property
    def beside_activity(self) -> float:
        rounded = iter(shares.rounded([points for part in self.points.values() for points in part]))
        parts = {name: round(sum(next(rounded) for _point in part), 1) for name, part in self.points.items()}
        return sum(points for name, points in parts.items() if name != "activity")


def judge(model: HeatModel, facts: Facts, now: datetime, last: LastRipening | None = None) -> Judgement:
    """The readiness of a lead whose heat, temperature and grade stand in its facts."""
    parts = _parts(model, facts, now)
    always = next((rule for rule in model.readiness.always if _is_news(rule, facts, now, last)), None)
    return Judgement(
        score=round(sum([part.points for part in parts]), 1),
        parts=parts,
        requirements=_requirements(model.readiness, facts),
        cause=_cause(always),
        cause_text=describe(always) if always else "",
    )


def reckon(model: HeatModel, facts: Facts, now: datetime, last: LastRipening | None = None) -> Reckoned:
    """What `judge` finds, without the sentences."""
    always = next((rule for rule in model.readiness.always if _is_news(rule, facts, now, last)), None)
    return Reckoned(
        cause=_cause(always),
        meets_requirements=all(met for _name, met in _required(model.readiness, facts)),
        points={
            name: tuple(points for points, _words in found) for name, found in _raw(model, facts, now).items()
        },
    )


def cause_of(judgement: Found) -> Cause:
    """What a crossing is put down to."""
    return judgement.cause or "threshold"


def falls_below_at_heat(model: HeatModel, judgement: Found) -> float | None:
    """The heat under which the score, all else equal, is below `fall`; None if heat cannot bring it
    there, or it is there already."""
    policy = model.readiness
    wanted = policy.fall - 0.051 - judgement.beside_activity
    if judgement.score < policy.fall or wanted <= 0 or policy.parts.activity <= 0:
        return None
    return wanted / policy.parts.activity * model.thresholds.hot.rise


_NOTHING = Requirements()
_Raw = tuple[float, Callable[[], str]]


def _raw(model: HeatModel, facts: Facts, now: datetime) -> dict[str, Sequence[_Raw]]:
    """Every reason by part: its points before rounding, and how to say it."""
    return {
        "need": _need(model, facts, now),
        "activity": _activity(model, facts),
        "data": _data(model, facts),
        "bant": _bant(model, facts),
    }


def _parts(model: HeatModel, facts: Facts, now: datetime) -> tuple[Part, ...]:
    best = model.readiness.parts
    raw = _raw(model, facts, now)
    points = iter(shares.rounded([points for name in PART_NAMES for points, _words in raw[name]]))
    parts = []
    for name in PART_NAMES:
        if not raw[name]:
            parts.append(_empty(name, getattr(best, name)))
            continue
        worth = [(next(points), words) for _points, words in raw[name]]
        told = tuple([Reason(shown, words) for shown, words in worth if shown])
        parts.append(Part(name, round(sum([one.points for one in told]), 1), getattr(best, name), told))
    return tuple(parts)


# Of most leads little is known: three parts of four stay empty.
@lru_cache(maxsize=256)
def _empty(name: str, best: float) -> Part:
    return Part(name, 0, best, ())


def _need(model: HeatModel, facts: Facts, now: datetime) -> Sequence[_Raw]:
    held = [rule for rule in model.readiness.need_that_counts if holds(rule.when, facts, now)]
    if not held:
        return ()
    whole = max(100.0, sum(rule.share for rule in held))
    return [(model.readiness.parts.need * rule.share / whole, partial(_, rule.text)) for rule in held]


def _activity(model: HeatModel, facts: Facts) -> Sequence[_Raw]:
    share = min(1.0, (facts.heat + TOLERANCE) / model.thresholds.hot.rise) if facts.heat > 0 else 0.0
    if not share:
        return ()
    return ((model.readiness.parts.activity * share, partial(_heat_in_words, model, facts)),)


def _heat_in_words(model: HeatModel, facts: Facts) -> str:
    hot = _plain(model.thresholds.hot.rise)
    return _("heat {heat} of {hot} to be hot").format(heat=_plain(facts.heat), hot=hot)


def _plain(value: float) -> str:
    """With a decimal place only where it says something."""
    return f"{value:.1f}".removesuffix(".0")


def _data(model: HeatModel, facts: Facts) -> Sequence[_Raw]:
    policy, best = model.readiness.data, model.readiness.parts.data / 100
    found: list[_Raw] = []
    by_grade = {"A": policy.a, "B": policy.b, "C": policy.c}.get(facts.grade, 0.0) if facts.grade else 0.0
    if by_grade:
        found.append((best * by_grade, lambda: _("grade {grade}").format(grade=facts.grade)))
    known = [name for name in policy.fields if facts.fields.get(name) not in (None, "")]
    if known:
        rest = 100 - max(policy.a, policy.b, policy.c)
        found.append((best * rest * len(known) / len(policy.fields), partial(_known_in_words, known)))
    return found


def _known_in_words(known: Sequence[str]) -> str:
    return _("known: {names}").format(names=", ".join(names.field(name) for name in known))


def _bant(model: HeatModel, facts: Facts) -> Sequence[_Raw]:
    if not facts.bant:
        return ()
    each = model.readiness.parts.bant / len(BANT_PARTS)
    worth = {"yes": 1.0, "partly": 0.5}
    answers = [(part, facts.bant.get(part, "unknown")) for part in BANT_PARTS]
    return [
        (each * worth[answer], partial(_answer_in_words, part, answer))
        for part, answer in answers
        if answer in worth
    ]


def _answer_in_words(part: str, answer: str) -> str:
    words = {"yes": _("{part}: yes"), "partly": _("{part}: partly")}
    parts = {"budget": _("budget"), "authority": _("authority"), "need": _("need"), "timing": _("timing")}
    return words[answer].format(part=parts[part])


def _requirements(policy: Readiness, facts: Facts) -> tuple[Requirement, ...]:
    if policy.require == _NOTHING:
        return ()
    return tuple(
        Requirement(partial(_requirement_in_words, name, policy.require), met)
        for name, met in _required(policy, facts)
    )


def _requirement_in_words(name: str, required: Requirements) -> str:
    words = {"temperature": _("at least {temperature}"), "grade": _("grade {grade} at least")}
    return words[name].format(temperature=names.trait(required.temperature or ""), grade=required.grade)


def _required(policy: Readiness, facts: Facts) -> Iterator[tuple[str, bool]]:
    """What is required, and whether it is met."""
    if policy.require.temperature is not None:
        yield "temperature", temperature.at_least(facts.temperature, policy.require.temperature)
    if policy.require.grade is not None:
        yield "grade", scorecard.at_least(facts.grade, policy.require.grade)


def _is_news(rule: Condition, facts: Facts, now: datetime, last: LastRipening | None) -> bool:
    """Whether an `always` rule holds by something that was not yet there at the last ripening. A rule
    that asks neither signals nor BANT cannot tell, and speaks once."""
    if last is None:
        return holds(rule, facts, now)
    kinds = {type(part) for part in parts_of(rule)}
    newer = replace(facts, signals=tuple(one for one in facts.signals if one.occurred_at > last.at))
    if kinds.isdisjoint({Signalled, Bant}) or not holds(rule, newer, now):
        return False
    return Bant not in kinds or not holds(rule, replace(newer, bant=last.bant), now)


def _cause(always: Condition | None) -> Cause | None:
    if always is None:
        return None
    return "bant" if isinstance(always, Bant) else DIRECT_REQUEST
