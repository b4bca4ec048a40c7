"""Settings: the audit log, and the same as a file."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from nurture.files.csv_out import harmless
from nurture.rules.messages import instant
from nurture.store import audit as log
from nurture.store.audit import Wanted, audit
from nurture.store.views import audit as view
from nurture.store.views.audit import Line
from nurture.store.views.reading import reading
from nurture.web import audit_details, audit_words
from nurture.web.query import number, text
from nurture.web.rendering import zone
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("audit", __name__, url_prefix="/settings/audit")
_PAGE = 50
_COLUMNS = ("at", "actor", "actor_name", "action", "subject", "subject_name", "what", "changes")


@pages.get("")
def index() -> ResponseReturnValue:
    session = page_session()
    rows = view.page(session, _wanted(), before=number("after"), limit=_PAGE + 1)
    return render_template(
        "admin/settings/audit.html",
        rows=rows[:_PAGE],
        next_after=str(rows[_PAGE - 1].id) if len(rows) > _PAGE else "",
        kinds=log.kinds(session),
        people=view.people(session),
        chosen={name: text(name) for name in ("actor", "kind", "subject", "from", "to")},
        filtered=any(text(name) for name in ("actor", "kind", "subject", "from", "to")),
    )


@pages.get("/export")
def export() -> ResponseReturnValue:
    """The wanted lines as CSV, streamed. Taking them out is itself written down."""
    wanted = _wanted()
    close_session()
    with runtime().sessions.begin() as session:
        audit(session, signed_in().actor, "audit.exported", "audit", now=now())
    return Response(
        stream_with_context(_csv(wanted)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"},
    )


def _wanted() -> Wanted:
    last = _day("to")
    return Wanted(
        actor=text("actor"),
        kind=text("kind"),
        subject=text("subject"),
        since=_day("from"),
        until=last + timedelta(days=1) if last else None,
    )


def _day(name: str) -> datetime | None:
    """The beginning of a day in the zone of the installation; nothing for what is no date."""
    try:
        return datetime.combine(date.fromisoformat(request.args.get(name, "")), time(), zone())
    except ValueError:
        return None


def _csv(wanted: Wanted) -> Iterator[bytes]:
    yield "\ufeff".encode()
    yield _row(_COLUMNS)
    with reading(runtime().sessions) as session:
        for line in view.every(session, wanted):
            yield _row(_cells(line))


def _cells(line: Line) -> tuple[str, ...]:
    return (
        instant(line.at),
        line.actor,
        line.actor_name,
        line.action,
        line.subject,
        line.subject_name,
        audit_words.action(line.action),
        audit_details.detail(line.detail),
    )


def _row(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue().encode()
