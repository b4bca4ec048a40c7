"""Programs from other tools: the file, and what became of it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import FileFault, Invalid
from nurture.files.bring_in import LARGEST
from nurture.flows.bring_in import bring_in
from nurture.rules.words import _
from nurture.web.request import now, runtime, signed_in
from nurture.web.security import csrf, without_csrf

pages = Blueprint("bring_in", __name__, url_prefix="/programs/bring-in")

_FORM_ALLOWANCE = 64 * 1024


@pages.get("")
def form() -> ResponseReturnValue:
    return _form([], 200)


@pages.post("")
@without_csrf
def take() -> ResponseReturnValue:
    """Take a file in as drafts, and say what could not be carried over. The form's token is looked at here:
    reading a form reads the whole body, and only those who may bring one may bring a large one."""
    request.max_content_length = LARGEST + _FORM_ALLOWANCE
    csrf.protect()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _form([_("Choose a file first.")], 422)
    try:
        with runtime().sessions.begin() as session:
            brought = bring_in(
                session, sent.stream.read(LARGEST + 1), sent.filename, now=now(), by=signed_in().actor
            )
    except FileFault as refusal:
        return _form(refusal.faults, 422)
    except Invalid as refusal:
        return _form(_sentences(refusal), 422)
    return render_template("admin/programs/brought.html", brought=brought)


def _sentences(refusal: Invalid) -> list[str]:
    lines = [f"{at}: {' '.join(said)}" for at, said in refusal.errors.items()]
    return lines or [str(refusal)]


def _form(faults: list[str], status: int) -> ResponseReturnValue:
    return render_template("admin/programs/bring_in.html", faults=faults, megabytes=LARGEST // 2**20), status
