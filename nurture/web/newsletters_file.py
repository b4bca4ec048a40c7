"""What became of newsletters as a table for a spreadsheet: a line for each, newest first."""

from collections.abc import Mapping
from dataclasses import astuple

from flask import Response

from nurture.rules.messages import instant
from nurture.rules.newsletter_figures import NewsletterFigures, figures
from nurture.store import newsletters
from nurture.store.newsletters import Newsletter
from nurture.web.request import page_session
from nurture.web.table_file import Line, table_file

_MOST = 1_000
_HEADER = ("id", "name", "subject", "state", "starts_at", *NewsletterFigures.__dataclass_fields__)


def newsletters_file() -> Response:
    """The table as a download. Two statements."""
    session = page_session()
    rows = newsletters.page(session, before=None, limit=_MOST)
    counts = newsletters.counts_of(session, [row.id for row in rows])
    return table_file("newsletters.csv", _HEADER, (_line(row, counts[row.id]) for row in rows))


def _line(row: Newsletter, counts: Mapping[str, int]) -> Line:
    begins = instant(row.starts_at) if row.starts_at is not None else ""
    return row.id, row.name, row.subject, row.state, begins, *astuple(figures(counts))
