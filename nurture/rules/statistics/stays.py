"""How long leads stay at a step: counted in classes, so that a median needs no list of them.

Classes are eighths of an octave: each is about 9 % wider than the one before, so a median told from them is
off by 4.4 % at most, whether it means minutes or months.
"""

import math
from collections.abc import Mapping

_PER_OCTAVE = 8
# Less than a second is at once.
AT_ONCE = -1


def class_of(seconds: float) -> int:
    """The class of a stay; every one under a second is AT_ONCE."""
    return math.floor(_PER_OCTAVE * math.log2(seconds)) if seconds >= 1 else AT_ONCE


def seconds_of(number: int) -> float:
    """The middle of a class (of its logarithms)."""
    return 0.0 if number == AT_ONCE else 2.0 ** ((number + 0.5) / _PER_OCTAVE)


def median(classes: Mapping[int, int]) -> float | None:
    """The stay, in seconds, that half of them do not exceed; None for nobody."""
    whole = sum(classes.values())
    passed = 0
    for number in sorted(classes):
        passed += classes[number]
        if whole and 2 * passed >= whole:
            return seconds_of(number)
    return None
