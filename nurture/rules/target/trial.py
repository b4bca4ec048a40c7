"""What a column makes of the score: the AUC with it and without it, on the same leads held out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from nurture.rules.target.columns import Matrix, Row, layout_of
from nurture.rules.target.figures import auc
from nurture.rules.target.regression import fit

# So many trials are made; who has more columns to decide on decides on the worst first.
_MOST = 24


@dataclass
class Trial:
    """Leads learnt from and leads held out, and the columns that are used. Columns are taken as they are: to
    compare is enough, and costs a fifth."""

    inside: Sequence[Row]
    won_inside: Matrix
    outside: Sequence[Row]
    won_outside: Matrix
    kept: Sequence[str]
    made: int = 0

    @cached_property
    def base(self) -> float:
        """What the used columns reach."""
        return self._reached(self.kept)

    def with_more(self, names: Sequence[str]) -> float | None:
        """What they would reach with these as well; None beyond as many trials as are made."""
        return self._tried([*self.kept, *names])

    def without(self, names: Collection[str]) -> float | None:
        """What they would reach without these; None where nothing would be left."""
        return self._tried([name for name in self.kept if name not in names])

    def _tried(self, names: Sequence[str]) -> float | None:
        self.made += 1
        return self._reached(names) if names and self.made <= _MOST else None

    def _reached(self, names: Sequence[str]) -> float:
        layout = layout_of(self.inside, names)
        if not layout.columns:
            return 0.5
        fitted = fit(layout.matrix(self.inside), self.won_inside)
        return round(auc(fitted.odds(layout.matrix(self.outside)), self.won_outside), 4)
