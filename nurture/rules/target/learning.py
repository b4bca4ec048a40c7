"""One training: which columns it may use, what the score reaches on leads it has not seen, and the score."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from nurture.errors import Invalid
from nurture.rules import names
from nurture.rules.target.barren import find_barren
from nurture.rules.target.columns import Layout, Matrix, Row, layout_of
from nurture.rules.target.doubts import Doubt, find_doubts
from nurture.rules.target.figures import auc, auc_error, calibration, shares_out, top_tenth
from nurture.rules.target.leaks import TAG, TAGS, Leak, each_alone, find_leaks, some_of
from nurture.rules.target.reading import ANOTHER, UNKNOWN, word
from nurture.rules.target.regression import covariance, fit
from nurture.rules.target.score import Scorer, Weight, plain, weights
from nurture.rules.target.shapes import best_shapes
from nurture.rules.target.trial import Trial
from nurture.rules.words import _

_HELD_OUT = 4  # one lead of four is not learnt from
_MOST_FACTORS = 20


def learn(
    rows: Sequence[Row],
    won: Matrix,
    filled_later: Mapping[str, float],
    by_card: Matrix | None,
    *,
    still_open: Sequence[Row] = (),
    use: Collection[str] = (),
    leave_out: Collection[str] = (),
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit on three leads of four and judge on the fourth; the score for use is then fitted on all of them.

    `won` says of each row 1.0 or 0.0, both of which must occur; `by_card` what the scorecard gave. The score
    as it is kept (rules/target/score), and the report: `auc` with its `give_or_take` (two standard errors),
    `useful` where that is above chance, what was left out and why, and what a person is asked about: each
    with the AUC it would make (`auc_with`, `auc_without`, beside `auc_plain`: columns as they are, without
    the shapes that the score in use is given).
    """
    said = sorted({name for row in rows for name in row if not _is_in(name, leave_out)})
    barren = find_barren(rows, said)
    known = [name for name in said if name not in {one.column for one in barren}]
    held = shares_out(len(rows), _HELD_OUT) == 0
    inside = [row for row, out in zip(rows, held, strict=True) if not out]
    outside = [row for row, out in zip(rows, held, strict=True) if out]
    some = some_of(inside, won[~held])
    alone = each_alone(*some, known)
    suspected = find_leaks(
        inside, won[~held], known, filled_later, still_open=still_open, trusted=use, alone=alone
    )
    leaks = [one for one in suspected if one.column not in use]
    kept = [name for name in known if not any(leak.hides(name) for leak in leaks)]
    doubts = find_doubts(*some, kept, alone, dated=filled_later)
    trial = Trial(inside, won[~held], outside, won[held], kept)
    chances = _tried(inside, won[~held], outside, kept)
    whole = best_shapes(layout_of(rows, kept), rows, won)
    matrix = _reckonable(whole, rows)
    scorer = Scorer(whole, fit(matrix, won), tuple(map(float, matrix.mean(axis=0))))
    report = {
        "enough": True,
        "won": int(won.sum()),
        "lost": int(len(won) - won.sum()),
        **_judged(chances, won[held], None if by_card is None else by_card[held]),
        **_tried_without(trial, [one for one in doubts if one.column not in use]),
        "left_out": [_left_out(trial, one, known) for one in leaks]
        + [{"column": one, "why": "by_hand", "figure": 0.0} for one in sorted(leave_out)],
        "used_all_the_same": _used_all_the_same(suspected, doubts, use),
        "says_nothing": [asdict(one) for one in barren],
        "columns": [column.name for column in whole.columns],
        "alone": {column.name: round(alone[column.name], 4) for column in whole.columns},
        "said": {"use": sorted(use), "leave_out": sorted(leave_out)},
        "factors": [
            asdict(one) | {"written": _written(rows, one)}
            for one in weights(scorer, covariance(matrix, scorer.fitted))[:_MOST_FACTORS]
        ],
    }
    return plain(scorer), report


def _reckonable(layout: Layout, rows: Sequence[Row]) -> Matrix:
    """The rows as numbers. Raises Invalid with the column that does not become one."""
    matrix = layout.matrix(rows)
    for place, (column, _level) in enumerate(layout.features):
        if not np.isfinite(matrix[:, place]).all():
            raise Invalid(
                _(
                    "The column “{name}” has numbers that cannot be reckoned with."
                    " Leave it out and train again."
                ).format(name=names.field(column.name))
            )
    return matrix


def _is_in(name: str, said: Collection[str]) -> bool:
    return name in said or (TAGS in said and name.startswith(TAG))


def _written(rows: Sequence[Row], factor: Weight) -> str | None:
    """The value of a factor as people write it; None for a number, for nothing and for all other values."""
    if factor.level in (None, UNKNOWN, ANOTHER):
        return None
    said = (row.get(factor.column) for row in rows)
    return next((str(value) for value in said if word(value) == factor.level), None)


def _tried(inside: Sequence[Row], won: Matrix, outside: Sequence[Row], names: Sequence[str]) -> Matrix:
    """The chances of the leads outside, as learnt from those inside."""
    layout: Layout = best_shapes(layout_of(inside, names), inside, won)
    return fit(layout.matrix(inside), won).chances(layout.matrix(outside))


def _judged(chances: Matrix, won: Matrix, by_card: Matrix | None) -> dict[str, Any]:
    reached = auc(chances, won)
    error = auc_error(reached, int(won.sum()), int(len(won) - won.sum()))
    return {
        "held_out": len(won),
        "auc": round(reached, 4),
        "give_or_take": round(2 * error, 4),
        "useful": bool(reached - 2 * error > 0.5),
        "top_tenth": round(top_tenth(chances, won), 4),
        "base": round(float(won.mean()), 4),
        "calibration": [
            {"leads": one.leads, "said": round(one.said, 4), "won": round(one.won, 4)}
            for one in calibration(chances, won)
        ],
        "scorecard_auc": None if by_card is None else round(auc(by_card, won), 4),
    }


def _tried_without(trial: Trial, asked: Sequence[Doubt]) -> dict[str, Any]:
    """The columns to ask about, each with the AUC without it, and without all of them."""
    return {
        "asked": [_doubt(one) | {"auc_without": trial.without([one.column])} for one in asked],
        "auc_plain": trial.base,
        "auc_without_asked": trial.without([one.column for one in asked]) if asked else None,
    }


def _left_out(trial: Trial, one: Leak, known: Sequence[str]) -> dict[str, Any]:
    return _leak(one) | {"auc_with": trial.with_more([name for name in known if one.hides(name)])}


def _used_all_the_same(
    suspected: Sequence[Leak], doubts: Sequence[Doubt], use: Collection[str]
) -> list[dict[str, Any]]:
    leaks = {one.column: _leak(one) for one in suspected if one.column in use}
    answered = {one.column: _doubt(one) for one in doubts if one.column in use}
    return list((answered | leaks).values())


def _doubt(one: Doubt) -> dict[str, Any]:
    found = {"column": one.column, "why": one.why, "figure": round(one.figure, 4)}
    return found | ({"value": one.value} if one.value else {})


def _leak(one: Leak) -> dict[str, Any]:
    found = {"column": one.column, "why": one.why, "figure": round(one.figure, 4)}
    return found | ({"beside": one.beside} if one.beside else {})
