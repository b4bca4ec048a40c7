"""Columns that know the outcome: filled once it was known, or too good to be true.

A column that alone tells nearly everything, or more than all the others together, is not what one knows
before the hand-over but what somebody wrote down after it. Nor is a field that stands empty for many leads
and tells much by itself, where nothing says when it was filled: whoever works on a lead fills in such a
field. Such columns are left out and named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nurture.rules.target.columns import UNKNOWN, Matrix, Row, layout_of, word
from nurture.rules.target.figures import auc, shares_out
from nurture.rules.target.regression import fit

TOO_GOOD = 0.9
GOOD = 0.8
FILLED_LATER = 0.3
TELLING = 0.7
OFTEN_EMPTY = 0.4
_FOLDS = 3
# What forms and other programs write where nothing was chosen, in the languages of the house.
_NOT_CHOSEN = frozenset(
    {UNKNOWN, "select", "please select", "choose", "n/a", "na", "nan", "none", "null", "unknown", "not set"}
    | {"not specified", "not available", "undefined", "empty", "-", "--", "–", "—", "?", "."}
    | {"bitte wählen", "keine angabe", "k. a.", "k.a.", "unbekannt", "nicht angegeben", "leer"}
    | {"выберите", "не указано", "не указан", "не указана", "не выбрано", "неизвестно", "нет данных", "н/д"}
)
# Counts and tags: whoever has none is not somebody of whom nothing is known.
_NEVER_EMPTY = ("did ", "tag ")


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that is left out. `why`: filled_later (`figure` is the share of its values that came after the
    hand-over), too_good or often_empty (`figure` is what it reaches alone, as AUC)."""

    column: str
    why: str
    figure: float


def find_leaks(
    rows: Sequence[Row], won: Matrix, names: Sequence[str], filled_later: Mapping[str, float]
) -> list[Leak]:
    """The columns to leave out, worst first. `filled_later` says of each column whose times are known which
    share of its values came after the hand-over."""
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
    good = {leak.column for leak in found}
    timeless = [name for name in left if name not in good and name not in filled_later]
    empty = [
        Leak(name, "often_empty", alone[name])
        for name in sorted(timeless, key=lambda one: -alone[one])
        if alone[name] >= TELLING and _is_often_empty(rows, name)
    ]
    return [*found, *empty, *late]


def _is_often_empty(rows: Sequence[Row], name: str) -> bool:
    empty = sum(word(row.get(name)) in _NOT_CHOSEN for row in rows)
    return not name.startswith(_NEVER_EMPTY) and empty >= OFTEN_EMPTY * len(rows)


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
