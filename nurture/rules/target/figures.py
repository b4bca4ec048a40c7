"""What a score is worth on leads it has not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurture.rules.target.columns import Matrix

_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Leads whose chance was said to be about `said`: `won` of them, a share, were."""

    leads: int
    said: float
    won: float


def shares_out(lines: int, parts: int) -> NDArray[np.int64]:
    """Which of so many parts each line belongs to, by chance and always the same: the order of lines may have
    a rhythm that taking every fourth would fall into."""
    return np.random.default_rng(lines).permutation(lines) % parts


def auc(scores: Matrix, won: Matrix) -> float:
    """The chance that one who was won scores above one who was not; equal scores count half (Mann-Whitney).
    0.5 where there is only one kind."""
    positive, negative = int(won.sum()), int(len(won) - won.sum())
    if not positive or not negative:
        return 0.5
    _values, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[places]
    return float((ranks[won == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def auc_error(reached: float, won: int, lost: int) -> float:
    """The standard error of an AUC told on so many leads (Hanley, McNeil: Radiology 143, 1982)."""
    if not won or not lost:
        return 0.5
    one, other = reached / (2 - reached), 2 * reached**2 / (1 + reached)
    spread = reached * (1 - reached) + (won - 1) * (one - reached**2) + (lost - 1) * (other - reached**2)
    return float(np.sqrt(max(spread, 0.0) / (won * lost)))


def top_tenth(scores: Matrix, won: Matrix) -> float:
    """The share of the won among the tenth that scores highest."""
    size = max(1, len(scores) // 10)
    best = np.argsort(-scores, kind="stable")[:size]
    return float(won[best].mean())


def calibration(chances: Matrix, won: Matrix) -> list[Bin]:
    """Tenths by chance, from the lowest: what was said and what came."""
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if len(part)]
    return [Bin(len(part), float(chances[part].mean()), float(won[part].mean())) for part in parts]
