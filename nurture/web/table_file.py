"""A table as a download for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from nurture.files.csv_out import harmless

Line = Sequence[str | int | float]


def as_csv(header: Sequence[str], lines: Iterable[Line]) -> str:
    """UTF-8 with a mark that tells spreadsheets so; no text of a cell is taken for a formula."""
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(header)
    for line in lines:
        writer.writerow([cell if isinstance(cell, int | float) else harmless(cell) for cell in line])
    return file.getvalue()


def table_file(name: str, header: Sequence[str], lines: Iterable[Line]) -> Response:
    """The table under this name, kept by nobody on the way."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(as_csv(header, lines), mimetype="text/csv", headers=headers)
