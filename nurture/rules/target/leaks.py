"""Columns that know the outcome: filled once it was known, or too good to be true.

A column that alone tells nearly everything, or as much as all the others together, is not what one knows
before the hand-over but what somebody wrote down after it. Where nothing says when a field was filled, its
shape does: whoever works on a lead fills in fields that stand empty for the others; some of their values
occur with one outcome only; leads that are still open do not have them yet; and fields that are filled
together were filled by the same hand. Such columns are left out and named (Kaufman, Rosset, Perlich,
Stitelman: Leakage in Data Mining, ACM TKDD 2012).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nurture.rules.target import signs
from nurture.rules.target.columns import Matrix, Row
from nurture.rules.target.figures import auc_error
from nurture.rules.target.signs import held_out_auc

TOO_GOOD = 0.9
GOOD = 0.8
_AS_GOOD_AS_ALL = 0.02
FILLED_LATER = 0.3
TELLING = 0.7
OFTEN_EMPTY = 0.4
# What tells less than this alone does no harm, whoever filled it in.
TELLS = 0.57
# So many leads show what a column knows.
_ENOUGH = 10_000
TAGS, TAG, DID = "tags", "tag ", "did "
# Counts and tags: whoever has none is not somebody of whom nothing is known.
NEVER_EMPTY = (DID, TAG)


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that is left out; `tags` stands for all tags together. `why` and its `figure`:
    filled_later: the share of its values that came after the hand-over;
    too_good, often_empty: what it reaches alone, as AUC;
    one_outcome: the share of its values that occur with one outcome only;
    unlike_open: how well it alone tells leads that have ended from those still open, as AUC;
    filled_together: the share of leads for which it is filled or empty as `beside` is, which leaks."""

    column: str
    why: str
    figure: float
    beside: str = ""

    def hides(self, name: str) -> bool:
        """Whether it takes this column out."""
        return name == self.column or (self.column == TAGS and name.startswith(TAG))


@dataclass(slots=True)
class _Search:
    """What is looked through, and what was found."""

    rows: Sequence[Row]
    won: Matrix
    names: list[str]
    alone: dict[str, float]
    found: list[Leak] = field(default_factory=list)

    @property
    def left(self) -> list[str]:
        return [name for name in self.names if not any(leak.hides(name) for leak in self.found)]


def find_leaks(
    rows: Sequence[Row],
    won: Matrix,
    names: Sequence[str],
    filled_later: Mapping[str, float],
    *,
    still_open: Sequence[Row] = (),
    trusted: Collection[str] = (),
    alone: Mapping[str, float] | None = None,
) -> list[Leak]:
    """The columns to leave out, worst first. `filled_later` says of each column whose times are known which
    share of its values came after the hand-over; `still_open` are leads without an outcome; of `trusted`
    columns a person says that they are known beforehand: what is filled with them is above suspicion.
    `alone` is what each column reaches by itself, where it is known (`each_alone`)."""
    rows, won = some_of(rows, won)
    late = [
        Leak(name, "filled_later", filled_later[name])
        for name in names
        if filled_later.get(name, 0.0) >= FILLED_LATER
    ]
    left = [name for name in names if name not in {leak.column for leak in late}]
    search = _Search(rows, won, left, dict(alone or each_alone(rows, won, left)))
    _tags_together(search)
    _too_good(search)
    timeless = [name for name in search.left if name not in filled_later]
    _one_outcome(search, timeless)
    _often_empty(search, timeless)
    _unlike_open(search, [name for name in timeless if not name.startswith(NEVER_EMPTY)], still_open)
    _filled_together(search, timeless, [*search.found, *late], trusted)
    return [*search.found, *late]


def some_of(rows: Sequence[Row], won: Matrix) -> tuple[Sequence[Row], Matrix]:
    """As many of these leads as show what a column knows, drawn by chance and always the same."""
    some = np.random.default_rng(len(rows)).permutation(len(rows))[:_ENOUGH]
    return [rows[one] for one in some], won[some]


def each_alone(rows: Sequence[Row], won: Matrix, names: Sequence[str]) -> dict[str, float]:
    """What each column reaches by itself on leads it was not fitted on, as AUC."""
    return {name: held_out_auc(rows, won, [name]) for name in names}


def _tags_together(search: _Search) -> None:
    """Tags say little one by one; those that sales give a lead say all together how it ended."""
    tags = [name for name in search.left if name.startswith(TAG)]
    reached = held_out_auc(search.rows, search.won, tags) if len(tags) > 1 else 0.0
    if _is_too_good(search, reached, [name for name in search.left if name not in tags]):
        search.found.append(Leak(TAGS, "too_good", reached))


def _too_good(search: _Search) -> None:
    for name in sorted(search.left, key=lambda one: -search.alone[one]):
        others = [one for one in search.left if one != name]
        if not _is_too_good(search, search.alone[name], others):
            break
        search.found.append(Leak(name, "too_good", search.alone[name]))


def _is_too_good(search: _Search, reached: float, others: Sequence[str]) -> bool:
    if reached >= TOO_GOOD or reached < GOOD or not others:
        return reached >= TOO_GOOD
    return reached > held_out_auc(search.rows, search.won, others) - _AS_GOOD_AS_ALL


def _one_outcome(search: _Search, names: Sequence[str]) -> None:
    for name in names:
        share = signs.share_with_one_outcome(search.rows, search.won, name)
        if share >= 0.5:
            search.found.append(Leak(name, "one_outcome", share))


def _often_empty(search: _Search, names: Sequence[str]) -> None:
    """Fields that are always filled together are judged together."""
    empty = [
        name
        for name in names
        if name in search.left
        and not name.startswith(NEVER_EMPTY)
        and 1 - signs.filled(search.rows, name).mean() >= OFTEN_EMPTY
    ]
    for block in signs.blocks(search.rows, empty):
        reached = held_out_auc(search.rows, search.won, block) if len(block) > 1 else search.alone[block[0]]
        error = auc_error(reached, int(search.won.sum()), int(len(search.won) - search.won.sum()))
        if reached - error >= TELLING:  # of few leads some seem to tell by chance
            told = [name for name in block if search.alone[name] >= TELLS]
            search.found += [Leak(name, "often_empty", reached) for name in told]


def _unlike_open(search: _Search, names: Sequence[str], still_open: Sequence[Row]) -> None:
    differ = signs.unlike_open(search.rows, still_open, names)
    for name, how in sorted(differ.items(), key=lambda one: -one[1]):
        if name in search.left and search.alone[name] >= TELLS:
            search.found.append(Leak(name, "unlike_open", how))


def _filled_together(
    search: _Search, names: Sequence[str], leaks: Sequence[Leak], trusted: Collection[str]
) -> None:
    for leak in leaks:
        for name in names:
            if leak.column in trusted or name not in search.left or name.startswith(NEVER_EMPTY):
                continue
            alike = signs.filled_alike(search.rows, search.won, leak.column, name)
            if alike:
                search.found.append(Leak(name, "filled_together", alike, leak.column))
