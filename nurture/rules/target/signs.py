"""Signs that a column was filled in when the outcome was known, each by itself."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nurture.rules.target.columns import SEEN_AT_LEAST, Matrix, Row, layout_of
from nurture.rules.target.figures import auc, shares_out
from nurture.rules.target.reading import says_nothing, word
from nurture.rules.target.regression import fit

_FOLDS = 3
# A value occurs with one outcome only: the other is this many times rarer among its leads than among all, and
# so many leads would show it by chance less than once in a million.
_RARER = 0.05
_BY_CHANCE = 1e-6
_OPEN_AT_LEAST = 100
_UNLIKE = 0.85
_MORE_THAN_USUAL = 0.2
_ALIKE = 0.98
_PRESENCE_TELLS = 0.1
_SOMETIMES = (0.05, 0.95)


def held_out_auc(rows: Sequence[Row], won: Matrix, names: Sequence[str]) -> float:
    """What these columns reach on leads they were not fitted on: the mean of three folds by turns. Scores of
    different folds are not compared: each has a share of its own, which would show where many are equal."""
    layout = layout_of(rows, names)
    if not layout.columns:
        return 0.5
    matrix, folds = layout.matrix(rows), shares_out(len(rows), _FOLDS)
    reached = []
    for fold in range(_FOLDS):
        inside, outside = folds != fold, folds == fold
        if 0 < won[inside].sum() < inside.sum():
            odds = fit(matrix[inside], won[inside]).odds(matrix[outside])
            reached.append(auc(odds, won[outside]))
    return float(np.mean(reached)) if reached else 0.5


def filled(rows: Sequence[Row], name: str) -> NDArray[np.bool_]:
    """For whom a column says something."""
    return np.array([not says_nothing(row.get(name)) for row in rows], dtype=np.bool_)


def share_with_one_outcome(rows: Sequence[Row], won: Matrix, name: str) -> float:
    """Which share of the values of a column belongs to values that occur with one outcome only. Of numbers
    and of values each lead has for itself, the fact that there is one is the value."""
    has = filled(rows, name)
    return sum(with_one_outcome(rows, won, name).values()) / max(int(has.sum()), 1)


def with_one_outcome(rows: Sequence[Row], won: Matrix, name: str) -> dict[str, int]:
    """The values of a column that occur with one outcome only, each with its leads; "" where every value or
    number is the lead's own, and for all rare ones together."""
    has = filled(rows, name)
    if int(has.sum()) < SEEN_AT_LEAST:
        return {}
    columns = layout_of([row for row, one in zip(rows, has, strict=True) if one], [name]).columns
    levels = columns[0].levels if columns else ()
    said = np.array([word(row.get(name)) if levels else "" for row in rows])
    kinds = {level: has & (said == level) for level in levels} or {"": has}
    kinds |= {} if "" in kinds else {"": has & ~np.logical_or.reduce(list(kinds.values()))}
    return {level: int(kind.sum()) for level, kind in kinds.items() if _has_one_outcome(kind, won)}


def _has_one_outcome(kind: NDArray[np.bool_], won: Matrix) -> bool:
    size = int(kind.sum())
    if size < SEEN_AT_LEAST or size == len(won):
        return False
    for outcome in (won, 1 - won):
        usual, here = float(outcome.mean()), float(outcome[kind].mean())
        if here <= _RARER * usual and (1 - usual) ** size < _BY_CHANCE:
            return True
    return False


def blocks(rows: Sequence[Row], names: Sequence[str]) -> list[list[str]]:
    """The columns by whom they are filled for: those filled for the very same leads stand together."""
    found: dict[bytes, list[str]] = {}
    for name in names:
        found.setdefault(filled(rows, name).tobytes(), []).append(name)
    return list(found.values())


def unlike_open(ended: Sequence[Row], still_open: Sequence[Row], names: Sequence[str]) -> dict[str, float]:
    """The columns that alone tell leads that have ended from those still open, far better than columns of
    these leads usually do: how well each does, as AUC. Open leads may be others in many ways (newer, from a
    list with nothing but addresses); then all columns differ, and none stands out."""
    if len(still_open) < _OPEN_AT_LEAST or not names:
        return {}
    both = [*ended[: 4 * len(still_open)], *still_open]
    closed = np.zeros(len(both))
    closed[: len(both) - len(still_open)] = 1.0
    differ = {name: held_out_auc(both, closed, [name]) for name in names}
    return {name: how for name, how in differ.items() if how >= max(_UNLIKE, _usual(differ, name))}


def _usual(differ: dict[str, float], name: str) -> float:
    """From where on a column stands out against the others."""
    others = [how for one, how in differ.items() if one != name]
    return _MORE_THAN_USUAL + (float(np.median(others)) if others else 0.5)


def filled_alike(rows: Sequence[Row], won: Matrix, leak: str, name: str) -> float:
    """The share of leads for which `name` is filled or empty just as `leak` is, where that alone tells of the
    outcome; 0.0 otherwise."""
    mine, its = filled(rows, name), filled(rows, leak)
    alike = float((mine == its).mean())
    if alike < _ALIKE or not _SOMETIMES[0] <= float(mine.mean()) <= _SOMETIMES[1]:
        return 0.0
    tells = abs(float(mine[won == 1].mean()) - float(mine[won == 0].mean())) >= _PRESENCE_TELLS
    return alike if tells else 0.0
