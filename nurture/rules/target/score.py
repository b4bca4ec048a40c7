"""A fitted score for single leads, explained: ten points double the odds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nurture.rules.target.columns import Column, Layout, Matrix, Row
from nurture.rules.target.regression import Fitted

_TEN_DOUBLE = 10 / math.log(2)


@dataclass(frozen=True, slots=True)
class Factor:
    """What one column adds for a lead, against the average one; `value` is as it is known."""

    column: str
    value: Any
    points: float


@dataclass(frozen=True, slots=True)
class Scorer:
    """A regression with its layout and the means of its features."""

    layout: Layout
    fitted: Fitted
    means: tuple[float, ...]

    def chance(self, row: Row) -> float:
        """How likely this one is to be won, from 0 to 1."""
        return self.chances([row])[0]

    def chances(self, rows: Sequence[Row]) -> list[float]:
        """The same for many."""
        return [float(one) for one in self.fitted.chances(self.layout.matrix(rows))]

    def factors(self, row: Row) -> list[Factor]:
        """What each column adds, the largest in either direction first."""
        line = self.layout.matrix([row])[0] - np.array(self.means)
        points = line * np.array(self.fitted.weights) * _TEN_DOUBLE
        found, at = [], 0
        for column in self.layout.columns:
            added = float(points[at : at + column.width].sum())
            found.append(Factor(column.name, row.get(column.name), round(added, 1)))
            at += column.width
        return sorted(found, key=lambda one: -abs(one.points))


@dataclass(frozen=True, slots=True)
class Weight:
    """What a feature is worth: a value of words against the average of its column, a number for each spread.
    `give_or_take` are two standard errors; `level` is None for a number."""

    column: str
    level: str | None
    points: float
    give_or_take: float


def weights(scorer: Scorer, spread: Matrix) -> list[Weight]:
    """Those features of which it is sure that they matter, the strongest first; `spread` is the covariance of
    the regression."""
    against = _contrasts(scorer)
    points = against @ np.array(scorer.fitted.weights) * _TEN_DOUBLE
    errors = 2 * _TEN_DOUBLE * np.sqrt(np.maximum(np.diag(against @ spread @ against.T), 0.0))
    found = [
        Weight(
            column.name,
            None if column.is_number and level == column.name else level,
            round(float(worth), 1),
            round(float(error), 1),
        )
        for (column, level), worth, error in zip(scorer.layout.features, points, errors, strict=True)
    ]
    sure = [one for one in found if abs(one.points) >= max(1.0, one.give_or_take)]
    return sorted(sure, key=lambda one: -abs(one.points))


def _contrasts(scorer: Scorer) -> Matrix:
    """Values of words are told against what is usual in their column: apart from that only their differences
    mean anything."""
    against, at = np.eye(scorer.layout.width), 0
    for column in scorer.layout.columns:
        if not column.is_number:
            inside = slice(at, at + column.width)
            against[inside, inside] -= np.array(scorer.means[inside])[None, :]
        at += column.width
    return against


def for_and_against(factors: Sequence[Factor], most: int = 3) -> tuple[list[Factor], list[Factor]]:
    """The strongest of each side; what adds less than half a point is not told."""
    told = [one for one in factors if abs(one.points) >= 0.5]
    return [one for one in told if one.points > 0][:most], [one for one in told if one.points < 0][:most]


def plain(scorer: Scorer) -> dict[str, Any]:
    """Fit for JSON; `read` gives the same again."""
    return {
        "columns": [
            {name: getattr(column, name) for name in Column.__dataclass_fields__}
            | {"levels": list(column.levels)}
            for column in scorer.layout.columns
        ],
        "intercept": scorer.fitted.intercept,
        "weights": list(scorer.fitted.weights),
        "means": list(scorer.means),
    }


def read(said: Mapping[str, Any]) -> Scorer:
    columns = tuple(Column(**{**one, "levels": tuple(one["levels"])}) for one in said["columns"])
    fitted = Fitted(said["intercept"], tuple(said["weights"]))
    return Scorer(Layout(columns), fitted, tuple(said["means"]))
