"""What leaves the house as a file: leads by the filter of their list, hand-offs, all that is kept about one
person. Each is written down in the audit log."""

import json
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from nurture.flows import export_handoffs, export_leads
from nurture.flows.personal_data import gather
from nurture.store.lead_list import LeadQuery, order_of
from nurture.web.api import door
from nurture.web.api.plain import plain
from nurture.web.api.schemas.exports import ExportFilter
from nurture.web.api.schemas.leads import PersonalData
from nurture.web.request import close_session, now, runtime

part = door.Part("exports", "Files that leave the house, each noted in the audit log.")
_CSV: dict[str, Any] = {
    "responses": {
        "200": {"description": "The file, UTF-8", "content": {"text/csv": {"schema": {"type": "string"}}}}
    }
}


@part.route("/leads/export.csv", methods=["GET"])
@part.arguments(ExportFilter, location="query")
@part.doc(**_CSV)
def leads(asked: dict[str, Any]) -> ResponseReturnValue:
    """Leads as a table, filtered and sorted as their list, streamed as they are read. A cell that a
    spreadsheet would run begins with an apostrophe; an import takes it off again."""
    order, columns = order_of(asked.pop("sort")), [name for name in asked.pop("columns").split(",") if name]
    wanted, sessions = LeadQuery(**asked), runtime().sessions
    close_session()
    export_leads.note(sessions, wanted, columns, by=door.actor(), now=now())
    return _file(export_leads.stream(sessions, wanted, order, columns, now=now()), "leads.csv")


@part.route("/handoffs/export.csv", methods=["GET"])
@part.doc(**_CSV)
def handoffs() -> ResponseReturnValue:
    """Every hand-off with its clock and its last answer."""
    close_session()
    export_handoffs.note(runtime().sessions, by=door.actor(), now=now())
    return _file(export_handoffs.stream(runtime().sessions), "hand-offs.csv")


@part.route("/leads/<int:lead_id>/data", methods=["GET"])
@part.response(200, PersonalData)
def data(lead_id: int) -> dict[str, Any]:
    """Everything that is kept about one person, for the person (GDPR, articles 15 and 20)."""
    close_session()
    with runtime().sessions.begin() as session:
        base_url = runtime().settings.base_url
        found = gather(session, lead_id, by=door.actor(), now=now(), base_url=base_url)
    return dict(json.loads(json.dumps(plain(found))))


def _file(pieces: Any, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(pieces, mimetype="text/csv", headers=headers)
