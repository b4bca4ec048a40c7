"""Settings: how much one lead is written to at most."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows.restraint import set_cap
from nurture.rules.words import _
from nurture.store import restraint
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("restraint", __name__, url_prefix="/settings/restraint")


@pages.get("")
def index() -> ResponseReturnValue:
    row = restraint.get(page_session())
    most = "" if row.most is None else str(row.most)
    return _page({"most": most, "days": str(row.days), "over": row.over}, {})


@pages.post("")
def save() -> ResponseReturnValue:
    form = {name: request.form.get(name, "").strip() for name in ("most", "days", "over")}
    try:
        with runtime().sessions.begin() as session:
            most = _whole(form["most"]) if form["most"] else None
            set_cap(session, most, _whole(form["days"]), form["over"], by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _page(form, refusal.errors), 422
    flash(_("Saved. It holds for the next mail."))
    return redirect(url_for("restraint.index"))


def _whole(text: str) -> int:
    """What is no number is no allowed number either."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _page(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template("admin/settings/restraint.html", answers=answers, errors=errors)
