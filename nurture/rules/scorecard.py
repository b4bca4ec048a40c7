"""Potential: how strong a buyer a lead could be, by the rules a marketer writes. Fit alone."""

from dataclasses import dataclass
from datetime import datetime

from nurture.rules.conditions import holds
from nurture.rules.facts import Facts
from nurture.rules.model import Scorecard

_RANK = {"C": 0, "B": 1, "A": 2}


@dataclass(frozen=True, slots=True)
class Contribution:
    """A text for a person and the points it stands for."""

    text: str
    points: float


@dataclass(frozen=True, slots=True)
class Grade:
    """A, B or C (None without a scorecard); `reasons` add up to `points`. `computed` is what the points
    say, `override` what a person set by hand."""

    computed: str | None
    points: float
    reasons: tuple[Contribution, ...]
    override: str | None = None

    @property
    def grade(self) -> str | None:
        """The one that holds."""
        return self.override or self.computed


def grade(card: Scorecard | None, facts: Facts, now: datetime, override: str | None = None) -> Grade:
    """The grade of a lead; `override`, set by a person, wins over the points."""
    if card is None:
        return Grade(None, 0.0, (), override)
    reasons = tuple(
        Contribution(rule.text, rule.points) for rule in card.rules if holds(rule.when, facts, now)
    )
    points = round(sum(reason.points for reason in reasons), 6)
    computed = "A" if points >= card.a else "B" if points >= card.b else "C"
    return Grade(computed, points, reasons, override)


def at_least(found: str | None, wanted: str) -> bool:
    """Whether a grade is as good as wanted; no grade is worse than any."""
    return found is not None and _RANK[found] >= _RANK[wanted]
