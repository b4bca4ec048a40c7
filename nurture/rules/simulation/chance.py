"""Chance that can be repeated: a number for a seed and a place, the same on every machine and in any order.

A draw does not depend on the draws before it. So two versions of a program are simulated with the same people
doing the same things, and what differs between the results comes from the versions alone. (Common random
numbers: Glasserman and Yao, Some guidelines and guarantees for common random numbers, 1992. The mixing is
SplitMix64: Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.)
"""

import zlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist

_MASK = (1 << 64) - 1
_NORMAL = NormalDist()


@lru_cache(maxsize=10_000)
def place_of(name: str) -> int:
    """A name as a part of a place."""
    return zlib.crc32(name.encode())


def draw(seed: int, *place: int) -> float:
    """A number in [0, 1) for this place."""
    state = seed & _MASK
    for part in place:
        state = (state ^ (part & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return (state >> 11) / (1 << 53)


def normal(chance: float) -> float:
    """The standard normal value that `chance` of all lie below."""
    return _NORMAL.inv_cdf(min(max(chance, 1e-9), 1 - 1e-9))


def chosen(shares: Mapping[str, float], chance: float) -> str:
    """One of the names, each as often as its share of the whole."""
    sums = list(accumulate(shares.values()))
    return list(shares)[min(bisect_right(sums, chance * sums[-1]), len(sums) - 1)]


def along(marks: Sequence[float], chance: float) -> float:
    """A value of a distribution told by its quantiles at equal steps from 0 to 1, straight between them."""
    where = chance * (len(marks) - 1)
    below = int(where)
    return marks[below] + (marks[below + 1] - marks[below]) * (where - below)
