"""Columns from which nothing can be learnt for other leads: the same for all, another value for each, or a
day. They are told apart from leaks: nobody has to wonder about them, and nobody can take them back in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nurture.rules.target.columns import MOSTLY, SEEN_AT_LEAST, Row, are_days, column_of
from nurture.rules.target.reading import number, says_nothing, word

_NUMBERED_AT_LEAST = 50
# So many leads, all along their order, show it.
_ENOUGH = 5_000
# Numbers that are given out one after another leave few gaps, or go with the order of the leads.
_SPARSE = 20.0
_IN_ORDER = 0.999


@dataclass(frozen=True, slots=True)
class Barren:
    """`why`: same (for all), each (another value for each lead), day, hardly (known of fewer than ten)."""

    column: str
    why: str


def find_barren(rows: Sequence[Row], names: Sequence[str]) -> list[Barren]:
    """The columns of these rows (in the order in which the leads came) that say nothing of others."""
    step = max(1, len(rows) // _ENOUGH)
    some = rows[::step]
    found = [(name, _why(name, [row.get(name) for row in some], step)) for name in names]
    return [Barren(name, why) for name, why in found if why]


def _why(name: str, values: Sequence[Any], step: int) -> str:
    known = [value for value in values if not says_nothing(value)]
    if _is_numbering(known, len(values), _SPARSE * step):
        return "each"
    if column_of(name, values) is not None:
        return ""
    if 0 < len(known) < SEEN_AT_LEAST:
        return "hardly"
    if known and are_days(known):
        return "day"
    return "each" if len({word(value) for value in known}) > SEEN_AT_LEAST else "same"


def _is_numbering(known: Sequence[Any], leads: int, sparse: float) -> bool:
    """Whether these are whole numbers given out one after another: of a customer, a row, a ticket."""
    numbers = [found for value in known if (found := number(value)) is not None and found == int(found)]
    if len(numbers) < max(_NUMBERED_AT_LEAST, MOSTLY * leads) or len(set(numbers)) < len(numbers):
        return False
    steps = np.diff(np.array(numbers))
    in_order = max(float((steps > 0).mean()), float((steps < 0).mean())) >= _IN_ORDER
    return in_order or float(np.ptp(numbers)) < sparse * len(numbers)
