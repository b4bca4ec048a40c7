"""CSV files that go out: what was wrong with an import, and cells no spreadsheet will run."""

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import Self

# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection); full-width forms too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


class BadRows:
    """The rows of an import that were refused, each with its line and reason, in the original columns.

    Opened at a position, it drops what was written after it: an import that goes on after a crash
    writes every refused row once.
    """

    def __init__(self, path: Path, header: list[str], *, position: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("r+" if position else "w", encoding="utf-8", newline="")
        if position:
            self._file.truncate(position)
            self._file.seek(position)
        self._writer = csv.writer(self._file)
        if not position:
            # The mark tells spreadsheets that this is UTF-8.
            self._file.write("\ufeff")
            self._writer.writerow(["line", "reason", *map(harmless, header)])

    def add(self, line: int, reason: str, cells: list[str]) -> None:
        self._writer.writerow([line, reason, *map(harmless, cells)])

    def settle(self) -> int:
        """Everything written so far on disk; the position to go on from."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
