"""The portrait of the ideal customer: which values those who were won have more often than leads at large.

A value's lift is its share among the won over its share among all leads. It is told only where chance is an
unlikely reason: the won that have the value stand at least two standard deviations above what the share of
all leads lets expect (normal approximation of the binomial; n at least `LEAST`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

LEAST = 3
MOST = 20
_SURE = 2.0
_POINTS_OF_DOUBLE = 10


@dataclass(frozen=True, slots=True)
class Trait:
    """A value with its counts: `won_share` of the won and `share` of all leads have it; `reached` of those
    leads who have it were won already."""

    field: str
    value: str
    won: int
    leads: int
    won_share: float
    share: float

    @property
    def key(self) -> str:
        """What tells it from the other traits of a portrait."""
        return f"{self.field}={self.value}"

    @property
    def lift(self) -> float:
        """How many times more often among the won."""
        return self.won_share / self.share

    @property
    def reached(self) -> float:
        return self.won / self.leads

    @property
    def points(self) -> int:
        """What a scorecard would give for it: ten for twice as often, at most thirty."""
        return min(30, max(5, 5 * round(_POINTS_OF_DOUBLE * math.log2(self.lift) / 5)))


def portrait(counts: Iterable[tuple[str, str, int, int]], leads: int, won: int) -> list[Trait]:
    """The traits of (field, value, won, leads), those that tell most first."""
    if not leads or not won:
        return []
    found = [
        Trait(field, value, of_won, of_all, of_won / won, of_all / leads)
        for field, value, of_won, of_all in counts
        if of_won >= LEAST
    ]
    sure = [one for one in found if _is_sure(one, won)]
    return sorted(sure, key=lambda one: (-_distance(one, won), one.field, one.value))[:MOST]


def rules(traits: Sequence[Trait]) -> list[dict[str, Any]]:
    """The traits as rules of a scorecard, in the plain form of a model; the text is the value itself."""
    return [{"when": _when(one), "points": one.points, "text": one.value} for one in traits]


_SIZES = {
    "<10": (None, 10),
    "10-49": (10, 50),
    "50-249": (50, 250),
    "250-999": (250, 1000),
    "1000+": (1000, None),
}


def _when(one: Trait) -> dict[str, Any]:
    if one.field == "tag":
        return {"tag": one.value}
    if one.field != "company.size":
        return {"field": one.field, "eq": one.value}
    least, below = _SIZES[one.value]
    parts = [{"field": "company.size", "gte": least}] if least is not None else []
    parts += [{"field": "company.size", "lt": below}] if below is not None else []
    return parts[0] if len(parts) == 1 else {"all": parts}


def _is_sure(one: Trait, won: int) -> bool:
    return one.share < 1 and one.lift > 1 and _distance(one, won) >= _SURE


def _distance(one: Trait, won: int) -> float:
    """Standard deviations above what the share of all leads lets expect."""
    spread = math.sqrt(won * one.share * (1 - one.share))
    return (one.won - won * one.share) / spread if spread else 0.0
