"""/activities: past activities of leads from a CSV file."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.files import uploads
from nurture.flows.import_signals import import_signals
from nurture.rules.words import _
from nurture.web.api import door
from nurture.web.api.schemas.activities import TakenFile
from nurture.web.request import now, runtime

part = door.Part("activities", "Past activities of leads from a CSV file.", json_only=False)
# Taken while the caller waits; larger ones are taken in the terminal.
LARGEST = 10 * 1024 * 1024
_FORM_ALLOWANCE = 64 * 1024


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    },
}


def _allow_large() -> None:
    if request.method == "POST":
        request.max_content_length = LARGEST + _FORM_ALLOWANCE


part.before(_allow_large)


@part.route("/activities", methods=["POST"])
@part.doc(**_BODY)
@part.response(201, TakenFile)
def take() -> ResponseReturnValue:
    """Take a CSV file of past activities, up to 10 MB: email (or lead_id), kind, occurred_at, and perhaps
    key; other columns go into the data of the signal. Taking a file again takes nothing twice."""
    path = _receive()
    try:
        done = import_signals(runtime().sessions, path, now=now())
    finally:
        path.unlink(missing_ok=True)
    runtime().wake("signals")
    counted: dict[str, Any] = {name: getattr(done, name) for name in ("read", "new", "known", "bad")}
    return counted | {"errors": [{"line": line, "reason": why} for line, why in done.faults]}, 201


def _receive() -> Any:
    home = runtime().settings.home
    try:
        if request.mimetype != "multipart/form-data":
            return uploads.receive(request.stream, home, largest=LARGEST)
        sent = request.files.get("file")
        if sent is None:
            raise Invalid(_("The form has no file."), {"file": [_("Send the CSV file as the field `file`.")]})
        return uploads.receive(sent.stream, home, largest=LARGEST)
    except uploads.TooLarge as refusal:
        raise Invalid(str(refusal), {"file": [str(refusal)]}) from refusal
