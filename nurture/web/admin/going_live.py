"""Settings: who gets mail before the go-live switch is turned, and the switch."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import sending
from nurture.rules.words import _
from nurture.store import test_addresses
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("going_live", __name__, url_prefix="/settings/going-live")


@pages.get("")
def index() -> ResponseReturnValue:
    return _page({"addresses": "\n".join(test_addresses.all_of_them(page_session()))}, {})


@pages.post("")
def save() -> ResponseReturnValue:
    written = request.form.get("addresses", "")
    try:
        with runtime().sessions.begin() as session:
            sending.name_test_addresses(session, written.split(), by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _page({"addresses": written}, refusal.errors), 422
    runtime().wake("deliver")
    flash(_("Saved. It holds for the next mail."))
    return redirect(url_for("going_live.index"))


def _page(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template("admin/settings/going_live.html", answers=answers, errors=errors)
