"""CSV files as people send them: any usual encoding, delimiter and line end, read as a stream.

Nothing is guessed twice: `survey` looks at the whole file once (hash, encoding, delimiter, lines), and
`read_rows` then yields every record with the line it begins at, or why it cannot be read.
"""

import codecs
import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from nurture.errors import Invalid
from nurture.files.csv_records import Row, records
from nurture.rules.words import _

__all__ = ["Row", "Survey", "read_header", "read_rows", "survey"]

MOST_COLUMNS = 1_000
DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 50
_DIRT, _DIRT_SHARE = 8, 0.02

# What people rename to .csv, by its first bytes.
_OTHER_FILES = (
    (b"PK\x03\x04", "an Excel or other zipped file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
)


@dataclass(frozen=True)
class Survey:
    """What one look over a file told. `lines` counts line ends, so records are at most one more."""

    size: int
    sha256: str
    encoding: str
    delimiter: str
    lines: int
    has_nul: bool
    skip_lines: int = 0


def survey(path: Path) -> Survey:
    """Look at a file once. Raises Invalid with one sentence for what is no CSV file."""
    head = _first_bytes(path)
    _refuse_other_files(head)
    digest, size, lines = hashlib.sha256(), 0, 0
    is_utf8, has_nul = True, False
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n") or chunk.count(b"\r")
            has_nul = has_nul or b"\0" in chunk
            is_utf8 = is_utf8 and _decodes(decoder, chunk)
    if not size:
        raise Invalid(_("The file is empty."))
    wide = _wide_encoding(head)
    _refuse_what_is_no_text(head.decode(wide or "latin-1", errors="replace"))
    encoding = wide or ("utf-8-sig" if is_utf8 else _eight_bit_encoding(head))
    if encoding.startswith("utf-16"):
        has_nul = False
    delimiter, skip_lines = _delimiter(_sample_lines(path, encoding))
    return Survey(size, digest.hexdigest(), encoding, delimiter, lines, has_nul, skip_lines)


def read_header(path: Path, found: Survey) -> list[str]:
    """The names of the columns. Raises Invalid where there are none, or absurdly many."""
    first = next(_records(path, found), None)
    if first is None or not any(cell.strip() for cell in first.cells):
        raise Invalid(_("The file has no header line with the names of its columns."))
    if first.fault or len(first.cells) > MOST_COLUMNS:
        raise Invalid(
            _("The first line is no header of a CSV file: more than {most} columns, or one endless field.")
            .format(most=MOST_COLUMNS)
        )  # fmt: skip
    if any("@" in cell and "." in cell.rpartition("@")[2] for cell in first.cells):
        raise Invalid(
            _("The first line holds an e-mail address: add a header line above it, such as email,name.")
        )
    return [cell.strip() for cell in first.cells]


def read_rows(path: Path, found: Survey, width: int) -> Iterator[Row]:
    """Every record after the header that is not blank; those that do not fit `width` carry a fault."""
    for row in islice(_records(path, found), 1, None):
        cells = row.cells
        if row.fault is None and not any(cells):
            continue
        if found.has_nul and any("\0" in cell for cell in cells):
            yield Row(
                row.line, [cell.replace("\0", "") for cell in cells], _("the row holds a NUL character")
            )
        elif len(cells) > width and any(cells[width:]):
            sentence = _("the row has {cells} cells, the header {width}; is a quotation mark missing?")
            yield Row(row.line, cells, sentence.format(cells=len(cells), width=width))
        elif len(cells) < width and row.fault is None:
            yield Row(row.line, cells + [""] * (width - len(cells)))
        else:
            yield row


def _records(path: Path, found: Survey) -> Iterator[Row]:
    with path.open(encoding=found.encoding, errors="replace", newline="") as file:
        for _line in range(found.skip_lines):
            file.readline()
        yield from records(file, found.delimiter, found.skip_lines + 1)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_SAMPLE)
    except OSError as error:
        raise Invalid(
            _("The file {name} cannot be read: {reason}.").format(name=path.name, reason=error.strerror)
        ) from error


def _refuse_other_files(head: bytes) -> None:
    for magic, name in _OTHER_FILES:
        if head.startswith(magic):
            raise Invalid(
                _("This is {name}, not a CSV file: open it and save it as CSV (UTF-8).").format(name=_(name))
            )


def _refuse_what_is_no_text(head: str) -> None:
    """Control characters other than tabulators and line ends: a few are dirt, many another kind of file."""
    control = sum(1 for letter in head if letter < " " and letter not in "\t\r\n\f\v")
    if control > _DIRT + len(head) * _DIRT_SHARE:
        raise Invalid(_("This is not a text file: open it where it was made and save it as CSV (UTF-8)."))


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its mark, or by the NULs between the letters of its first lines."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = head[:2_000]
    if len(start) >= 8 and start[1::2].count(0) > len(start) * 0.3:
        return "utf-16-le"
    if len(start) >= 8 and start[0::2].count(0) > len(start) * 0.3:
        return "utf-16-be"
    return None


def _eight_bit_encoding(head: bytes) -> str:
    """Windows-1252, or 1251 where letters beyond ASCII stand in whole words as only Cyrillic does."""
    in_words = sum(1 for left, right in pairwise(head) if left >= 0xC0 and right >= 0xC0)
    beyond = sum(1 for byte in head if byte >= 0xC0)
    return "cp1251" if beyond and in_words > beyond * 0.5 else "cp1252"


def _sample_lines(path: Path, encoding: str) -> list[str]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        return file.read(_SAMPLE).splitlines(keepends=True)


def _delimiter(lines: list[str]) -> tuple[str, int]:
    """The delimiter under which the first records are widest and most alike; Excel's `sep=;` decides."""
    first = lines[0].strip().lower() if lines else ""
    if len(first) == 5 and first.startswith("sep="):
        return first[4], 1
    return max(DELIMITERS, key=lambda delimiter: _agreement(lines, delimiter)), 0


def _agreement(lines: list[str], delimiter: str) -> float:
    widths: Counter[int] = Counter()
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        header = len(next(reader, []))
        widths.update(len(cells) for cells in islice(reader, _SAMPLE_ROWS) if cells)
    except csv.Error:
        return 0.0
    if header < 2:
        return 0.0
    alike = widths[header] / widths.total() if widths else 1.0
    return alike * 100 + min(header, 50)
