"""Rounding parts so that they add up to the rounded whole."""

import math
from collections.abc import Sequence


def rounded(parts: Sequence[float], digits: int = 1) -> list[float]:
    """Each part at `digits` decimals, together the rounded sum: the largest remainders are rounded up
    (Hamilton's method), ties by order. Negative parts are allowed."""
    if len(parts) < 2:
        return [whole(parts, digits) for _part in parts]
    scale = float(10**digits)
    scaled = [round(part * scale, 9) for part in parts]
    floors = [math.floor(part) for part in scaled]
    missing = half_up(math.fsum(scaled)) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda at: (floors[at] - scaled[at], at))
    up = set(by_remainder[:missing])
    return [(floor + (at in up)) / scale for at, floor in enumerate(floors)]


def whole(parts: Sequence[float], digits: int = 1) -> float:
    """The rounded sum that `rounded` parts add up to."""
    scale = float(10**digits)
    return half_up(math.fsum([round(part * scale, 9) for part in parts])) / scale


def half_up(number: float) -> int:
    """The nearest whole number, halves upwards."""
    return math.floor(number + 0.5)
