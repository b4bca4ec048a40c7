"""/activities: past activities of leads from a CSV file."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.files import uploads
from nurture.flows.import_signals import (
    HowDates,
    SignalImport,
    check_signals,
    import_signals,
)
from nurture.flows.strangers import MakeLeads
from nurture.rules.words import _
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.activities import HowQuery, TakenFile
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
@part.arguments(HowQuery, location="query")
@part.doc(**_BODY)
@part.response(201, TakenFile)
@part.alt_response(200, TakenFile, description="What would become of the file, with `check`.")
def take(asked: dict[str, Any]) -> ResponseReturnValue:
    """Take a CSV file or Excel workbook of past activities, up to 10 MB: email (or lead_id), kind,
    occurred_at, and perhaps key; other columns go into the data of the signal. Taking a file again takes
    nothing twice. `strangers` are addresses that are no lead's; with `make_leads` they become leads first."""
    path = _receive()
    how = HowDates(asked["dates"], asked["zone"])
    try:
        if asked["check"]:
            return told(check_signals(runtime().sessions, path, now=now(), how=how)), 200
        make = _making(asked["source"]) if asked["make_leads"] else None
        done = import_signals(runtime().sessions, path, now=now(), how=how, make=make)
    finally:
        path.unlink(missing_ok=True)
    runtime().wake("signals")
    return told(done), 201


def _making(source: str) -> MakeLeads:
    settings = runtime().settings
    return MakeLeads(source, settings.home, runtime().pepper, settings.base_url, door.actor())


def told(done: SignalImport) -> dict[str, Any]:
    """What became of a file, as programs read it."""
    dates = done.dates
    return {
        "read": done.read,
        "new": done.new,
        "known": done.known,
        "bad": done.bad,
        "strangers": len(done.strangers),
        "leads_made": done.made,
        "errors": [{"line": line, "reason": why} for line, why in done.faults],
        "dates": {
            "order": dates.order,
            "zone": dates.zone,
            "first": moment(dates.first),
            "last": moment(dates.last),
            "shown": [
                {"line": one.line, "written": one.written, "at": moment(one.at)} for one in dates.shown
            ],
        },
    }


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
