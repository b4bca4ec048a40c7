"""Columns of what was known of leads, and how each becomes numbers.

A column of numbers is one feature (standardised, log-shaped where it is skewed; rules/target/shapes looks
again) and one that says "not known". A column of words is one feature for each value that is frequent
enough; the rest is "another", and an absent value is "not known", for that a form was not filled in says
something too. Of days only whether one is known counts: the days themselves do not come again.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurture.rules.target.reading import ANOTHER, UNKNOWN, is_day, number, says_nothing, word

MOSTLY = 0.9
SEEN_AT_LEAST = 10
_LEVELS_MOST = 30
_SKEWED = 2.0
_A_LOOK = 200
Row = Mapping[str, Any]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """How one column is read. For numbers `levels` is empty, and a value v is
    ((log(1 + v) if logged else v) - mean) / spread."""

    name: str
    levels: tuple[str, ...] = ()
    mean: float = 0.0
    spread: float = 1.0
    logged: bool = False
    gaps: bool = False

    @property
    def is_number(self) -> bool:
        return not self.levels

    @property
    def width(self) -> int:
        """How many features it makes."""
        return 1 + self.gaps if self.is_number else len(self.levels)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns in their order, as features of a matrix."""

    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        return sum(column.width for column in self.columns)

    @property
    def features(self) -> list[tuple[Column, str]]:
        """(column, level) of each feature; the level of a number is its name's own, of its gap UNKNOWN."""
        found: list[tuple[Column, str]] = []
        for column in self.columns:
            if column.is_number:
                found += [(column, column.name), *([(column, UNKNOWN)] if column.gaps else [])]
            else:
                found += [(column, level) for level in column.levels]
        return found

    def matrix(self, rows: Sequence[Row]) -> Matrix:
        """One line for each row."""
        made, at = np.zeros((len(rows), self.width)), 0
        for column in self.columns:
            values = [row.get(column.name) for row in rows]
            put = _put_numbers if column.is_number else _put_words
            put(made[:, at : at + column.width], column, values)
            at += column.width
        return made


def layout_of(rows: Sequence[Row], names: Iterable[str]) -> Layout:
    """How these columns are to be read; those that say the same of everybody are left out."""
    columns = [column_of(name, [row.get(name) for row in rows]) for name in names]
    return Layout(tuple(column for column in columns if column is not None))


def column_of(name: str, values: Sequence[Any]) -> Column | None:
    """How one column is to be read; None where it says the same of everybody, or of hardly anybody."""
    known = [value for value in values if word(value) != UNKNOWN]
    if len(known) < SEEN_AT_LEAST:
        return None
    if are_days(known):
        return _words(name, [ANOTHER if word(value) != UNKNOWN else UNKNOWN for value in values])
    told = [value for value in known if not says_nothing(value)]
    numbers = [found for value in told if (found := number(value)) is not None]
    if len(numbers) >= max(SEEN_AT_LEAST, MOSTLY * len(told)) and len(set(numbers)) > 2:
        return _numbers(name, numbers, gaps=len(numbers) < len(values))
    return _words(name, [word(value) for value in values])


def are_days(known: Sequence[Any]) -> bool:
    """Whether these values are days, mostly."""
    some = known[:_A_LOOK]
    return sum(is_day(value) for value in some) >= MOSTLY * len(some)


def _numbers(name: str, numbers: Sequence[float], *, gaps: bool) -> Column | None:
    plain = np.array(numbers)
    spread = float(plain.std())
    if spread == 0:
        return None
    skew = float(((plain - plain.mean()) ** 3).mean()) / spread**3
    logged = skew > _SKEWED and float(plain.min()) >= 0
    told = np.log1p(plain) if logged else plain
    return Column(name, (), float(told.mean()), float(told.std()) or 1.0, logged, gaps)


def _words(name: str, words: Sequence[str]) -> Column | None:
    counts = Counter(words)
    frequent = [level for level, seen in counts.most_common(_LEVELS_MOST) if seen >= SEEN_AT_LEAST]
    rest = len(words) - sum(counts[level] for level in frequent)
    levels = list(dict.fromkeys([*frequent, *([ANOTHER] if rest else [])]))
    return Column(name, tuple(levels)) if len(levels) > 1 else None


def _put_numbers(part: Matrix, column: Column, values: Sequence[Any]) -> None:
    for line, value in enumerate(values):
        found = number(value)
        if found is None:
            part[line, 1:] = 1.0
        else:
            told = math.log1p(max(found, 0.0)) if column.logged else found
            part[line, 0] = (told - column.mean) / column.spread


def _put_words(part: Matrix, column: Column, values: Sequence[Any]) -> None:
    places = {level: place for place, level in enumerate(column.levels)}
    another = places.get(ANOTHER, -1)
    found = np.array([places.get(word(value), another) for value in values], dtype=np.intp)
    lines = np.nonzero(found >= 0)[0]
    part[lines, found[lines]] = 1.0
