"""The present filter and columns as a file."""

from flask import Response
from flask.typing import ResponseReturnValue

from nurture.flows import export_leads as flow
from nurture.web.admin.leads import asked as address
from nurture.web.admin.leads.part import pages
from nurture.web.request import now, runtime, signed_in


@pages.post("/leads/export.csv")
def export() -> ResponseReturnValue:
    """Streamed as it is read: a file of a million leads begins at once and holds no memory."""
    asked, sessions, by = address.of_request(), runtime().sessions, signed_in().actor
    flow.note(sessions, asked.query, asked.columns, by=by, now=now())
    pieces = flow.stream(sessions, asked.query, asked.order, asked.columns, now=now())
    headers = {"Content-Disposition": 'attachment; filename="leads.csv"', "Cache-Control": "no-store"}
    return Response(pieces, mimetype="text/csv", headers=headers)
