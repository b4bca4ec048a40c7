"""What a draft of a model would do to leads, and what it would have meant for those of the past.

Two questions. Today: where does each lead stand by the live version and by the draft? And then: at which
moment would each deal that was won or lost have become ripe, had the draft been live?
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from nurture.rules import caps, heat, readiness, scorecard, temperature
from nurture.rules.caps import RatedSignal
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.heat import NO_HEAT
from nurture.rules.model import HeatModel

SAMPLE = 50
RIPE_SHOWN = 100
BINS = 10


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a lead stands under a version: `ripe` if it would be handed over at once."""

    temperature: str
    grade: str | None = None
    readiness: float | None = None
    ripe: bool = False


@dataclass(slots=True)
class Effect:
    """The tally of all leads, before (the live version) and after (the draft)."""

    leads: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    grades: Counter[tuple[str, str]] = field(default_factory=Counter)
    before: list[int] = field(default_factory=lambda: [0] * BINS)
    after: list[int] = field(default_factory=lambda: [0] * BINS)
    samples: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    ripe: int = 0
    ripe_before: int = 0
    ripest: list[tuple[float, int, Stand]] = field(default_factory=list)

    def add(self, lead_id: int, old: Stand, new: Stand) -> None:
        """Count one lead."""
        self.leads += 1
        self.moves[old.temperature, new.temperature] += 1
        if old.temperature != new.temperature:
            self._keep("temperature", old.temperature, new.temperature, lead_id)
        if old.readiness is not None and new.readiness is not None:
            self._judged(lead_id, old, new)

    def plain(self) -> dict[str, Any]:
        """Fit for JSON. `samples` name the first of those who move, beside `count`, how many do; the ripe
        stand there as the draft sees them."""
        return {
            "leads": self.leads,
            "temperatures": _pairs(self.moves),
            "grades": _pairs(self.grades),
            "readiness": {"before": self.before, "after": self.after},
            "samples": [
                {"of": of, "from": old, "to": new, "count": self._moved(of)[old, new], "leads": leads}
                for (of, old, new), leads in sorted(self.samples.items())
            ],
            "ripe": {
                "count": self.ripe,
                "before": self.ripe_before,
                "leads": [
                    {"lead_id": number, "score": score, "temperature": one.temperature, "grade": one.grade}
                    for score, number, one in self.ripest
                ],
            },
        }

    def _judged(self, lead_id: int, old: Stand, new: Stand) -> None:
        letters = (old.grade or "", new.grade or "")
        self.grades[letters] += 1
        if letters[0] != letters[1]:
            self._keep("grade", *letters, lead_id)
        self.before[_bin(old.readiness or 0.0)] += 1
        self.after[_bin(new.readiness or 0.0)] += 1
        self.ripe_before += old.ripe
        if new.ripe:
            self.ripe += 1
            known = [*self.ripest, (new.readiness or 0.0, lead_id, new)]
            self.ripest = sorted(known, key=lambda one: (-one[0], one[1]))[:RIPE_SHOWN]

    def _moved(self, of: str) -> Counter[tuple[str, str]]:
        return self.moves if of == "temperature" else self.grades

    def _keep(self, of: str, old: str, new: str, lead_id: int) -> None:
        known = self.samples.setdefault((of, old, new), [])
        if len(known) < SAMPLE:
            known.append(lead_id)


def _pairs(counted: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"from": old, "to": new, "leads": n} for (old, new), n in sorted(counted.items())]


def _bin(score: float) -> int:
    return min(BINS - 1, max(0, int(score * BINS / 100)))


@dataclass(frozen=True, slots=True)
class PastSignal:
    """A human signal of the past: as it is rated under a model (None: the model does not know it), and as
    conditions see it."""

    rated: RatedSignal | None
    fact: SignalFact


@dataclass(frozen=True, slots=True)
class PastDeal:
    """A hand-off that ended. `facts` are today's, but for signals and BANT, of which `bant` holds each
    answer with the moment since when it is known (None: since the hand-off)."""

    lead_id: int
    won: bool
    handed_at: datetime
    ended_at: datetime
    facts: Facts
    bant: dict[str, tuple[str, datetime | None]]
    override: str | None = None


def ripe_at(model: HeatModel, deal: PastDeal, signals: Sequence[PastSignal]) -> datetime | None:
    """When the deal's lead would first have been ripe under the model, looking at each signal and at the
    hand-off itself; None if never before the deal ended. `signals` oldest first."""
    known = [one for one in signals if one.fact.occurred_at <= deal.ended_at]
    counted = {one.id for one in caps.counted([one.rated for one in known if one.rated is not None])}
    moments = sorted({*(one.fact.occurred_at for one in known), deal.handed_at})
    warmth, level, seen = NO_HEAT, "cold", 0
    rated: list[RatedSignal] = []
    for moment in moments:
        level = temperature.level(level, heat.value(warmth, moment, model.half_life_s), model.thresholds)
        while seen < len(known) and known[seen].fact.occurred_at <= moment:
            one = known[seen].rated
            if one is not None:
                rated.append(one)
                if one.id in counted:
                    warmth = warmth.plus(heat.of_signal(one.rule.weight, one.at, model.half_life_s))
            seen += 1
        state = temperature.judge(level, warmth, temperature.floors_of(rated, model), model, moment)
        level = state.level
        facts = _then(
            deal, known[:seen], moment, heat.value(warmth, moment, model.half_life_s), state.temperature
        )
        if _is_ripe(model, facts, moment, deal.override):
            return moment
    return None


def _then(deal: PastDeal, seen: Sequence[PastSignal], at: datetime, worth: float, warm: str) -> Facts:
    answers = {part: answer for part, (answer, since) in deal.bant.items() if (since or deal.handed_at) <= at}
    return replace(
        deal.facts,
        heat=worth,
        temperature=warm,
        bant=answers,
        signals=tuple(one.fact for one in seen),
        stage="lead",
    )


def _is_ripe(model: HeatModel, facts: Facts, at: datetime, override: str | None) -> bool:
    graded = replace(facts, grade=scorecard.grade(model.scorecard, facts, at, override).grade)
    found = readiness.judge(model, graded, at)
    return found.cause is not None or (found.score >= model.readiness.rise and found.meets_requirements)


@dataclass(slots=True)
class Hindsight:
    """Deals of one outcome under one version: ripe by the hand-over, only later, or never; `gained` holds the
    time by which they would have been ripe before it."""

    deals: int = 0
    in_time: int = 0
    later: int = 0
    gained: list[timedelta] = field(default_factory=list)

    def add(self, deal: PastDeal, ripe: datetime | None) -> None:
        self.deals += 1
        if ripe is None:
            return
        self.gained.append(deal.handed_at - ripe)
        if ripe <= deal.handed_at:
            self.in_time += 1
        else:
            self.later += 1

    def plain(self) -> dict[str, Any]:
        """`median_days` is how many days before the hand-over half of the ripe ones were (below zero: after
        it), None when none was ripe."""
        days = [one.total_seconds() / 86_400 for one in self.gained]
        return {
            "deals": self.deals,
            "in_time": self.in_time,
            "later": self.later,
            "never": self.deals - self.in_time - self.later,
            "median_days": round(median(days), 1) if days else None,
        }


def of_all(deals: Iterable[tuple[PastDeal, datetime | None]]) -> dict[str, dict[str, Any]]:
    """{"won": …, "lost": …} of deals with the moment at which each would have been ripe."""
    found = {True: Hindsight(), False: Hindsight()}
    for deal, ripe in deals:
        found[deal.won].add(deal, ripe)
    return {"won": found[True].plain(), "lost": found[False].plain()}
