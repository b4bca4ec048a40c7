"""The records of a CSV text, one after the other. A quotation mark that is never closed costs the line
that it stands in, and not the rest of the file."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nurture.rules.words import _

# Characters that may be read a second time, in all: a hostile file must not be read for hours.
_MOST_READ_AGAIN = 100_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A record: the line it begins at (the first of the file is 1), its cells, or why it is unreadable."""

    line: int
    cells: list[str]
    fault: str | None = None


def records(lines: Iterable[str], delimiter: str, first_line: int) -> Iterator[Row]:
    """Every record of these lines, with their ends; the first of them has the number `first_line`. What
    follows an unreadable line is read as if it stood alone."""
    source = _Lines(lines, first_line)
    reader = csv.reader(source, delimiter=delimiter)
    while True:
        line = source.begin()
        try:
            cells: list[str] | None = next(reader)
        except StopIteration:
            return
        except csv.Error:  # the module stops at 131,072 characters
            cells = None
        if cells is not None and (len(source.record) == 1 or _is_whole(source.record, delimiter)):
            yield Row(line, cells)
            continue
        yield Row(line, _alone(source.record[0], delimiter), _fault(source.record))
        source.back_to_second_line()
        reader = csv.reader(source, delimiter=delimiter)


class _Lines:
    """Lines of which those of the record at hand can be read again."""

    def __init__(self, lines: Iterable[str], first_line: int) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._next = first_line
        self._left = _MOST_READ_AGAIN
        self.record: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._next += 1
        self.record.append(line)
        return line

    def begin(self) -> int:
        """The number of the line at which the next record begins."""
        self.record.clear()
        return self._next

    def back_to_second_line(self) -> None:
        """Read again what follows the first line of the record, as long as there is patience left."""
        rest = self.record[1:]
        self._left -= sum(map(len, rest))
        if self._left > 0:
            self._again.extendleft(reversed(rest))
            self._next -= len(rest)


def _fault(record: list[str]) -> str:
    if len(record) > 1:
        return _("a quotation mark begins a cell and none ends it")
    return _("a cell is longer than 131,072 characters; is a quotation mark missing?")


def _is_whole(record: list[str], delimiter: str) -> bool:
    """Whether a record of several lines is one by the book: a cell may hold line ends, but where a mark is
    missing, the next one stands in the middle of a cell, or there is none."""
    try:
        next(csv.reader(record, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _alone(line: str, delimiter: str) -> list[str]:
    """The cells of an unreadable line, for the person who has to mend it; none when it is endless."""
    try:
        return [cell.rstrip("\r\n") for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []
