"""What became of newsletters as a table for a spreadsheet: a line for each, newest first."""

import csv
import io
from dataclasses import astuple

from flask import Response

from nurture.files.csv_out import harmless
from nurture.rules.messages import instant
from nurture.rules.newsletter_figures import NewsletterFigures, figures
from nurture.store import newsletters
from nurture.web.request import page_session

_MOST = 1_000
_HEADER = ("id", "name", "subject", "state", "starts_at", *NewsletterFigures.__dataclass_fields__)


def newsletters_file() -> Response:
    """The table as a download, UTF-8 with a mark that tells spreadsheets so. Two statements."""
    session = page_session()
    rows = newsletters.page(session, before=None, limit=_MOST)
    counts = newsletters.counts_of(session, [row.id for row in rows])
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(_HEADER)
    for row in rows:
        begins = instant(row.starts_at) if row.starts_at is not None else ""
        named = (harmless(row.name), harmless(row.subject), row.state, begins)
        writer.writerow([row.id, *named, *astuple(figures(counts[row.id]))])
    headers = {"Content-Disposition": 'attachment; filename="newsletters.csv"', "Cache-Control": "no-store"}
    return Response(file.getvalue(), mimetype="text/csv", headers=headers)
