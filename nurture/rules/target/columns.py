"""Columns of what was known of leads, and how each becomes numbers.

A column of numbers is one feature (standardised, log-shaped where it is skewed; rules/target/shapes looks
again) and one that says "not known". A column of words is one feature for each value that is frequent
enough; the rest is "another", and an absent value is "not known", for that a form was not filled in says
something too.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNKNOWN, ANOTHER = "", "\x00another"
_NUMBERS_AT_LEAST = 0.9
_LEVELS_MOST = 30
_SEEN_AT_LEAST = 10
_SKEWED = 2.0
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
        made = np.zeros((len(rows), self.width))
        at = 0
        for column in self.columns:
            for line, row in enumerate(rows):
                _put(made, line, at, column, row.get(column.name))
            at += column.width
        return made


def layout_of(rows: Sequence[Row], names: Iterable[str]) -> Layout:
    """How these columns are to be read; those that say the same of everybody are left out."""
    columns = [_column(name, [row.get(name) for row in rows]) for name in names]
    return Layout(tuple(column for column in columns if column is not None))


def number(value: Any) -> float | None:
    """The number a value says; None for words and for nothing."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def word(value: Any) -> str:
    """The word a value says, folded; "" for nothing."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip().casefold()[:80]


def _column(name: str, values: Sequence[Any]) -> Column | None:
    known = [value for value in values if word(value) != UNKNOWN]
    numbers = [found for value in known if (found := number(value)) is not None]
    if len(known) < _SEEN_AT_LEAST:
        return None
    if len(numbers) >= _NUMBERS_AT_LEAST * len(known) and len(set(numbers)) > 2:
        return _numbers(name, numbers, gaps=len(known) < len(values))
    return _words(name, [word(value) for value in values])


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
    frequent = [level for level, seen in counts.most_common(_LEVELS_MOST) if seen >= _SEEN_AT_LEAST]
    rest = len(words) - sum(counts[level] for level in frequent)
    levels = [*frequent, *([ANOTHER] if rest else [])]
    return Column(name, tuple(levels)) if len(levels) > 1 else None


def _put(made: Matrix, line: int, at: int, column: Column, value: Any) -> None:
    if column.is_number:
        found = number(value)
        if found is None:
            made[line, at + 1 : at + column.width] = 1.0
        else:
            told = math.log1p(max(found, 0.0)) if column.logged else found
            made[line, at] = (told - column.mean) / column.spread
        return
    said = word(value)
    level = said if said in column.levels else ANOTHER
    if level in column.levels:
        made[line, at + column.levels.index(level)] = 1.0
