"""How skewed numbers are best read: by their logarithm or as they are, whichever explains outcomes better."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nurture.rules.target.columns import Column, Layout, Matrix, Row
from nurture.rules.target.reading import number
from nurture.rules.target.regression import fit

# So many leads tell which of two shapes is the better one.
_ENOUGH = 5_000


def best_shapes(layout: Layout, rows: Sequence[Row], won: Matrix) -> Layout:
    """The layout with each logarithm taken back where the plain number, beside all other columns, makes the
    outcomes (1.0 or 0.0) likelier. Looks at five thousand rows, drawn by chance and always the same."""
    some = np.random.default_rng(len(rows)).permutation(len(rows))[:_ENOUGH]
    chosen, outcomes = [rows[one] for one in some], won[some]
    if not 0 < outcomes.sum() < len(outcomes):
        return layout
    best = _likelihood(layout, chosen, outcomes) if any(one.logged for one in layout.columns) else 0.0
    for at, column in enumerate(layout.columns):
        if column.logged:
            columns = (*layout.columns[:at], _plain(column, chosen), *layout.columns[at + 1 :])
            found = _likelihood(Layout(columns), chosen, outcomes)
            if found > best:
                layout, best = Layout(columns), found
    return layout


def _plain(column: Column, rows: Sequence[Row]) -> Column:
    known = np.array([found for row in rows if (found := number(row.get(column.name))) is not None] or [0.0])
    return replace(column, logged=False, mean=float(known.mean()), spread=float(known.std()) or 1.0)


def _likelihood(layout: Layout, rows: Sequence[Row], won: Matrix) -> float:
    matrix = layout.matrix(rows)
    odds = fit(matrix, won).odds(matrix)
    return float((won * odds - np.logaddexp(0.0, odds)).sum())
