"""Columns that know the outcome: filled once it was known, or too good to be true.

A column that alone tells nearly everything, or more than all the others together, is not what one knows
before the hand-over but what somebody wrote down after it. Such columns are left out and named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nurture.rules.target.columns import Matrix, Row, layout_of
from nurture.rules.target.figures import auc, shares_out
from nurture.rules.target.regression import fit

TOO_GOOD = 0.9
GOOD = 0.8
FILLED_LATER = 0.3
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that is left out. `why`: filled_later (`figure` is the share of its values that came after the
    hand-over) or too_good (`figure` is what it reaches alone, as AUC)."""

    column: str
    why: str
    figure: float


def find_leaks(
    rows: Sequence[Row], won: Matrix, names: Sequence[str], filled_later: Mapping[str, float]
) -> list[Leak]:
    """The columns to leave out, worst first. `filled_later` says of each column which share of its values
    came after the hand-over."""
    late = [
        Leak(name, "filled_later", filled_later[name])
        for name in names
        if filled_later.get(name, 0.0) >= FILLED_LATER
    ]
    left = [name for name in names if name not in {leak.column for leak in late}]
    alone = {name: held_out_auc(rows, won, [name]) for name in left}
    found: list[Leak] = []
    for name in sorted(left, key=lambda one: -alone[one]):
        others = [one for one in left if one != name and one not in {leak.column for leak in found}]
        if alone[name] < GOOD or not others:
            break
        if alone[name] >= TOO_GOOD or alone[name] > held_out_auc(rows, won, others):
            found.append(Leak(name, "too_good", alone[name]))
    return [*found, *late]


def held_out_auc(rows: Sequence[Row], won: Matrix, names: Sequence[str]) -> float:
    """What these columns reach on leads they were not fitted on, in three folds by turns."""
    layout = layout_of(rows, names)
    if not layout.columns:
        return 0.5
    matrix, folds = layout.matrix(rows), shares_out(len(rows), _FOLDS)
    scores = np.zeros(len(rows))
    for fold in range(_FOLDS):
        inside, outside = folds != fold, folds == fold
        if 0 < won[inside].sum() < inside.sum():
            scores[outside] = fit(matrix[inside], won[inside]).odds(matrix[outside])
    return auc(scores, won)
