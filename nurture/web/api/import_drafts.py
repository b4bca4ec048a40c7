"""/import_drafts: a file is brought, looked into, tried without changing anything, and begun."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files import uploads
from nurture.flows import import_leads as flow
from nurture.flows.import_leads import ImportOptions
from nurture.rules import columns
from nurture.rules.words import _
from nurture.store.imports import Import
from nurture.web.api import door
from nurture.web.api.imports import shown
from nurture.web.api.schemas.imports import DraftChoice, DraftOut, ImportOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part(
    "import-drafts", "Files of leads that are looked into before they are taken.", json_only=False
)
_FORM_ALLOWANCE = 1024 * 1024
_STEPS = {"keep": "draft", "check": "checking", "begin": "staged"}
_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            }
        },
    }
}


def _allow_large() -> None:
    if request.method == "POST":
        request.max_content_length = uploads.LARGEST + _FORM_ALLOWANCE


part.before(_allow_large)


@part.route("/import_drafts", methods=["POST"])
@part.doc(**_FILE)
@part.response(201, DraftOut)
def bring() -> ResponseReturnValue:
    """Bring a CSV file as the field `file` of a form, up to 500 MB; nothing of it is taken yet."""
    sent = request.files.get("file")
    if sent is None:
        raise Invalid(_("Send the file as the field file."), {"file": [_("Missing.")]})
    home = runtime().settings.home
    try:
        path = uploads.receive(sent.stream, home)
    except uploads.TooLarge as refusal:
        raise Invalid(str(refusal), {"file": [str(refusal)]}) from refusal
    name = uploads.shown_name(sent.filename)
    import_id = flow.lay_aside(runtime().sessions, path, now=now(), by=door.actor(), filename=name, home=home)
    return _draft(import_id), 201


@part.route("/import_drafts/<int:import_id>", methods=["GET"])
@part.response(200, DraftOut)
def one(import_id: int) -> dict[str, Any]:
    """Its columns with their first values, and what the last try said."""
    return _draft(import_id)


@part.route("/import_drafts/<int:import_id>", methods=["POST"])
@part.arguments(DraftChoice)
@part.response(202, ImportOut)
def choose(said: dict[str, Any], import_id: int) -> ResponseReturnValue:
    """Keep the choices, try them, or begin; trying and beginning go on by themselves: ask /imports/{id}."""
    state = _STEPS[said.pop("do")]
    with runtime().sessions.begin() as session:
        options = ImportOptions(**said)
        home = runtime().settings.home
        flow.settle_options(session, import_id, options, home=home, state=state, now=now(), by=door.actor())
    runtime().wake("imports")
    return shown(_found(import_id)), 202


@part.route("/import_drafts/<int:import_id>", methods=["DELETE"])
@part.response(204)
def discard(import_id: int) -> None:
    """Forget the file; nothing of it was taken. Refused (409) once it was begun."""
    with runtime().sessions.begin() as session:
        flow.discard(session, import_id, home=runtime().settings.home, now=now(), by=door.actor())


def _draft(import_id: int) -> dict[str, Any]:
    noted = _found(import_id)
    if noted.state != "draft":
        raise Conflict(_("This import was begun already."))
    header, rows = flow.look_into(import_id, runtime().settings.home)
    return {
        "draft": shown(noted),
        "columns": [
            {
                "name": name,
                "answer": columns.guess(name) or columns.IGNORE,
                "sample": [row[place] for row in rows if row[place].strip()][:3],
            }
            for place, name in enumerate(header)
        ],
    }


def _found(import_id: int) -> Import:
    close_session()
    noted = page_session().get(Import, import_id)
    if noted is None:
        raise NotFound(_("There is no such import."))
    return noted
