"""Excel workbooks at the terminal: what their first sheet says, as a CSV file beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nurture.errors import Refusal
from nurture.files import sheets


@contextmanager
def as_csv(file: Path) -> Iterator[Path]:
    """The file itself, or what the first sheet of a workbook says: bad rows then go beside the workbook."""
    if not sheets.is_workbook(file):
        yield file
        return
    table = file.with_name(f"{file.name}.csv")
    if table.exists():
        raise Refusal(f"{table} is there already: import that, or move it away.")
    try:
        sheets.write_csv(file, table)
        yield table
    finally:
        table.unlink(missing_ok=True)
