"""What another threshold of readiness would mean: today, and for the hand-offs of the past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Past:
    """Hand-offs whose score reached a threshold. Of `handed`, sales has answered `answered`, accepted
    `accepted` of these and won `won`; of all deals that were won, `won_of` is the number, so that
    `won / won_of` is what the threshold keeps. `lowest` is the lowest score that was ever handed over: below
    it nothing is known."""

    handed: int
    answered: int
    accepted: int
    won: int
    handed_of: int
    won_of: int
    lowest: int | None


@dataclass(frozen=True, slots=True)
class Scored:
    """Past hand-offs of one score."""

    score: int
    handed: int
    answered: int
    accepted: int
    won: int


def today(histogram: Mapping[int, int], rise: int) -> int:
    """How many leads would be handed over with this threshold."""
    return sum(leads for score, leads in histogram.items() if score >= rise)


def past(handed: Iterable[Scored], rise: int) -> Past:
    """What the threshold would have let through, and what would have come of it."""
    known = list(handed)
    kept = [one for one in known if one.score >= rise]
    return Past(
        handed=sum(one.handed for one in kept),
        answered=sum(one.answered for one in kept),
        accepted=sum(one.accepted for one in kept),
        won=sum(one.won for one in kept),
        handed_of=sum(one.handed for one in known),
        won_of=sum(one.won for one in known),
        lowest=min((one.score for one in known), default=None),
    )
