"""Past activities of leads from a CSV file: calls, visits, orders from another program."""

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.files import uploads
from nurture.flows.import_signals import SignalImport, import_signals
from nurture.rules.sales_signals import SAID_BY_SALES
from nurture.rules.words import _
from nurture.web.api.activities import LARGEST
from nurture.web.lead_words import SIGNALS
from nurture.web.request import close_session, now, runtime
from nurture.web.security import csrf, without_csrf

pages = Blueprint("activities", __name__, url_prefix="/imports/activities")
_FORM_ALLOWANCE = 64 * 1024
_SHOWN = 100


@pages.get("")
def index() -> ResponseReturnValue:
    return _page(None, {})


@pages.post("")
@without_csrf
def take() -> ResponseReturnValue:
    """Take the file in. The form's token is looked at here, because reading a form reads the whole body."""
    request.max_content_length = LARGEST + _FORM_ALLOWANCE
    csrf.protect()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _page(None, {"file": [_("Choose a file first.")]}), 422
    close_session()
    try:
        path = uploads.receive(sent.stream, runtime().settings.home, largest=LARGEST)
        try:
            done = import_signals(runtime().sessions, path, now=now())
        finally:
            path.unlink(missing_ok=True)
    except (Invalid, uploads.TooLarge) as refusal:
        return _page(None, {"file": [str(refusal)]}), 422
    runtime().wake("signals")
    return _page(done, {})


def _page(done: SignalImport | None, errors: Mapping[str, list[str]]) -> str:
    return render_template(
        "admin/imports/activities.html",
        done=done,
        shown=_SHOWN,
        megabytes=LARGEST >> 20,
        errors=errors,
        kinds=[kind for kind in SIGNALS if kind not in SAID_BY_SALES],
    )
