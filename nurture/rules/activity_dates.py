"""How the dates of one column are meant: told by the whole of it, or by a person, and never guessed."""

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from nurture.errors import Invalid
from nurture.rules.words import _
from nurture.rules.written_moments import DAY_FIRST, MONTH_FIRST, ORDERS, TwoWays, Unreadable, read, two_ways

FIELD = "dates"
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A date as it stands in a line, and what it is understood as."""

    line: int
    written: str
    at: datetime


@dataclass
class ColumnOfDates:
    """Shown every value of a column first, it says what comes first in dates like 03/04/2026. `told` is what
    a person said: day_first, month_first, or None."""

    zone: tzinfo
    told: str | None = None
    _only: dict[str, tuple[int, str]] = field(default_factory=dict)  # what reads in one order alone
    _doubtful: tuple[int, str, TwoWays] | None = None
    _by_shape: dict[str, tuple[int, str]] = field(default_factory=dict)
    has_two_ways: bool = False

    def look_at(self, line: int, written: str) -> None:
        """One more value; those of the same shape say the same."""
        self._by_shape.setdefault(shape(written), (line, written))
        numbers = two_ways(written)
        if numbers is None or not numbers.reads:
            return
        self.has_two_ways = True
        if len(numbers.reads) == 1:
            self._only.setdefault(next(iter(numbers.reads)), (line, written))
        elif numbers.is_doubtful and self._doubtful is None:
            self._doubtful = line, written, numbers

    @property
    def order(self) -> str | None:
        """What comes first; None where nothing depends on it. Raises Invalid where that is open."""
        if self.told is not None:
            return self.told
        if len(self._only) == 2:
            raise _refusal(self._in_both_ways())
        if self._doubtful is not None and not self._only:
            raise _refusal(_in_doubt(*self._doubtful))
        return next(iter(self._only), None)

    def shown(self) -> list[Shown]:
        """One date of each shape, as it is understood, the first of them. Raises Invalid as `order` does."""
        found = []
        for line, written in self._by_shape.values():
            try:
                found.append(Shown(line, written, read(written, order=self.order, zone=self.zone)))
            except Unreadable:
                continue  # told with its line when the row is read
            if len(found) == _MOST_SHOWN:
                break
        return found

    def _in_both_ways(self) -> str:
        (day_line, day), (month_line, month) = self._only[DAY_FIRST], self._only[MONTH_FIRST]
        return _(
            "Line {day_line} says {day}, which has the day first, and line {month_line} says {month}, which "
            "has the month first. Say which of them holds; rows written in the other way are given back."
        ).format(day_line=day_line, day=day, month_line=month_line, month=month)


def order_told(said: str | None) -> str | None:
    """What a person said comes first, day-first as well as day_first; None for nothing. Raises Invalid for
    anything else."""
    plain = (said or "").strip().lower().replace("-", "_")
    if not plain:
        return None
    if plain not in ORDERS:
        raise _refusal(_("Say day_first or month_first."))
    return plain


def _in_doubt(line: int, written: str, numbers: TwoWays) -> str:
    return _(
        "Line {line} says {written}: is that {day_first} or {month_first}? Nothing in the file tells. Say "
        "what comes first in its dates, the day or the month."
    ).format(
        line=line,
        written=written,
        day_first=numbers.day(DAY_FIRST).isoformat(),
        month_first=numbers.day(MONTH_FIRST).isoformat(),
    )


def _refusal(sentence: str) -> Invalid:
    return Invalid(sentence, {FIELD: [sentence]})


def shape(written: str) -> str:
    """What dates written alike have in common."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", written.strip()))[:40]
