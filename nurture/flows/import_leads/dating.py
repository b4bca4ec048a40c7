"""What comes first in the dates of a file, the day or the month: all of its dates are looked at before any is
read, and where they do not tell, a person is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from pathlib import Path
from typing import Any

from nurture.files import csv_in
from nurture.rules.activity_dates import ColumnOfDates, order_told, shape
from nurture.rules.columns import Columns
from nurture.rules.lead_dates import LeadDates, is_date
from nurture.rules.written_moments import two_ways

_MOST_SHOWN = 5
# Up to here a person waits for the look; a longer file is looked through by whoever reads it.
_AT_ONCE = 50_000


@dataclass(frozen=True)
class ShownDay:
    """A date as it stands in a line of the file, and the day it is understood as (ISO 8601)."""

    line: int
    written: str
    day: str

    @property
    def as_date(self) -> date:
        return date.fromisoformat(self.day)


@dataclass(frozen=True)
class Understood:
    """How the dates of a file are read, one of each shape, and whether any of them depends on the order."""

    dates: LeadDates
    shown: list[ShownDay] = field(default_factory=list)
    has_two_ways: bool = False

    def kept(self) -> dict[str, Any]:
        """As it is kept with the import."""
        return {
            "order": self.dates.order,
            "two_ways": self.has_two_ways,
            "shown": [[one.line, one.written, one.day] for one in self.shown],
        }


def understand(
    path: Path, survey: csv_in.Survey, header: list[str], columns: Columns, told: str, today: date
) -> Understood:
    """Look at every date of the file; `told` is what a person said comes first, if anything. Raises Invalid
    with the question where the file does not tell."""
    places = [(answer, place) for answer, where in columns.targets if is_date(answer) for place in where]
    column = ColumnOfDates(UTC, order_told(told))
    samples: dict[tuple[str, str], tuple[int, str]] = {}
    telling: set[tuple[str, str]] = set()  # of which the sample shows what comes first
    for row in csv_in.read_rows(path, survey, len(header)) if places else ():
        if row.fault is None:
            for answer, place in places:
                if written := row.cells[place].strip():
                    column.look_at(row.line, written)
                    kind = answer, shape(written)
                    if kind not in samples or (kind not in telling and _depends(written)):
                        samples[kind] = row.line, written
                        if _depends(written):
                            telling.add(kind)
    dates = LeadDates(column.order, today)
    days = [
        (line, written, dates.day(answer, written)) for (answer, _shape), (line, written) in samples.items()
    ]
    shown = [ShownDay(line, written, day) for line, written, day in days if day is not None]
    return Understood(dates, shown[:_MOST_SHOWN], column.has_two_ways)


def _depends(written: str) -> bool:
    numbers = two_ways(written)
    return numbers is not None and numbers.is_doubtful


def ask_at_once(
    path: Path, survey: csv_in.Survey, header: list[str], columns: Columns, told: str, today: date
) -> None:
    """Raise Invalid with the question, if the file is short enough to be looked through at once."""
    order_told(told)
    if survey.lines <= _AT_ONCE:
        understand(path, survey, header, columns, told, today)


def shown_of(kept: Mapping[str, Any]) -> list[ShownDay]:
    """What `kept` says of the dates, read back."""
    return [ShownDay(line, written, day) for line, written, day in kept.get("shown", ())]
