"""Excel workbooks (ECMA-376, .xlsx) as people send them: the first sheet that says anything, as a CSV file.

Each row of the sheet is one line of the file, so that the numbers of bad rows are those that Excel shows.
Values are taken as Excel last worked them out; no formula is run here. A workbook that unpacks to more than
`MOST` bytes is refused before it is read: what it needs in memory is one and a half times as much.
"""

import csv
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from nurture.errors import Invalid
from nurture.rules.words import _

MOST = 256 * 1024 * 1024
_CHUNK = 1 << 20
_WHOLE = 2.0**53  # beyond it Excel has rounded the number already

# What zipfile and zlib raise for an archive that is cut short, altered or encrypted.
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)

Cell = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(path: Path) -> bool:
    """Whether the file is an Excel workbook, whatever it is called."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def write_csv(path: Path, to: Path) -> None:
    """Write the first visible sheet with anything in it as CSV (UTF-8, commas). Raises Invalid for a workbook
    that is too large, damaged or empty."""
    _weigh(path)
    try:
        sheet = next(_filled_sheets(CalamineWorkbook.from_path(path)), None)
        if sheet is None:
            raise Invalid(_("This Excel file is empty: no sheet of it says anything."))
        _write(sheet.iter_rows(), to)
    except CalamineError as error:
        raise Invalid(_damaged()) from error


def _filled_sheets(workbook: CalamineWorkbook) -> Iterator[CalamineSheet]:
    """The visible sheets that say something, in their order."""
    for one in workbook.sheets_metadata:
        if one.typ == SheetTypeEnum.WorkSheet and one.visible == SheetVisibleEnum.Visible:
            sheet = workbook.get_sheet_by_name(one.name)
            if sheet.height and sheet.width:
                yield sheet


def _weigh(path: Path) -> None:
    """Unpack everything once, a piece at a time: a size that the archive tells of itself is not believed."""
    size = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for piece in _unpacked(archive):
                size += len(piece)
                if size > MOST:
                    raise Invalid(_too_large())
    except _BROKEN as error:
        raise Invalid(_damaged()) from error


def _unpacked(archive: zipfile.ZipFile) -> Iterator[bytes]:
    """What all members hold, in pieces."""
    for member in archive.infolist():
        with archive.open(member) as file:
            while piece := file.read(_CHUNK):
                yield piece


def _write(rows: Iterator[list[Cell]], to: Path) -> None:
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            cells = [_text(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            writer.writerow(cells)


def _text(cell: Cell) -> str:
    """A value as a person would write it: whole numbers without a point, dates as in ISO 8601."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < _WHOLE:
            return str(int(cell))
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case str():
            return " ".join(cell.split("\n")).replace("\r", "").replace("\0", "")
        case _:
            return str(cell)


def _damaged() -> str:
    return _("This Excel file cannot be read: open it in Excel and save it again, or save it as CSV (UTF-8).")


def _too_large() -> str:
    words = {"megabytes": MOST // (1024 * 1024)}
    return _("This Excel file unpacks to more than %(megabytes)s MB: save the sheet as CSV (UTF-8).") % words
