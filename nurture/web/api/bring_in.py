"""/programs/import: programs of other tools, taken in as drafts."""

from pathlib import Path
from typing import Any

from flask import request

from nurture.files.bring_in import LARGEST
from nurture.flows.bring_in import bring_in
from nurture.web.api import door
from nurture.web.api.schemas.programs import ProgramsBrought
from nurture.web.request import now, runtime

part = door.Part("bring_in", "Programs from other tools.", json_only=False)

_FILE = {
    "parameters": [{"in": "query", "name": "filename", "schema": {"type": "string"}}],
    "requestBody": {
        "required": True,
        "content": {
            name: {"schema": {"type": "string", "format": "binary"}}
            for name in ("application/json", "application/zip", "text/csv")
        },
    },
}


def _allow_large() -> None:
    request.max_content_length = LARGEST


part.before(_allow_large)


@part.route("/programs/import", methods=["POST"])
@part.doc(**_FILE)
@part.response(201, ProgramsBrought)
def bring() -> dict[str, Any]:
    """Take in programs of other tools as drafts: the body is a Mautic 7 export of a campaign (JSON, or the
    ZIP it comes in) or a CSV with day, subject and body; `left_out` says what could not be carried over."""
    data = request.get_data(cache=False)
    filename = Path(request.args.get("filename", "program.csv")).name[:200]
    with runtime().sessions.begin() as session:
        brought = bring_in(session, data, filename, now=now(), by=door.actor())
    return {
        "programs": [
            {"program_id": one.loaded.program_id, "key": one.loaded.key, "left_out": list(one.left_out)}
            for one in brought
        ]
    }
