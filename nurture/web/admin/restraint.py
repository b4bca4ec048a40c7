"""Settings: how much one lead is written to at most, and domains where nobody is."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows.restraint import set_cap
from nurture.flows.suppress import block_domain, unblock_domain
from nurture.rules.words import _
from nurture.store import blocked_domains, restraint
from nurture.web.query import number
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("restraint", __name__, url_prefix="/settings/restraint")
_PAGE = 50


@pages.get("")
def index() -> ResponseReturnValue:
    row = restraint.get(page_session())
    most = "" if row.most is None else str(row.most)
    return _page({"most": most, "days": str(row.days), "over": row.over}, {})


@pages.post("/domains")
def block() -> ResponseReturnValue:
    written = request.form.get("domain", "")
    try:
        with runtime().sessions.begin() as session:
            block_domain(session, written, detail="", by=signed_in().actor, now=now())
    except Invalid as refusal:
        row = restraint.get(page_session())
        most = "" if row.most is None else str(row.most)
        answers = {"most": most, "days": str(row.days), "over": row.over, "domain": written}
        return _page(answers, refusal.errors), 422
    flash(_("Nobody there is written to any more."))
    return redirect(url_for("restraint.index"))


@pages.post("/domains/<int:blocked_id>/lift")
def unblock(blocked_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        unblock_domain(session, blocked_id, by=signed_in().actor, now=now())
    flash(_("People there can be written to again, where they agreed to it."))
    return redirect(url_for("restraint.index"))


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
    rows = blocked_domains.page(page_session(), before=number("before"), limit=_PAGE + 1)
    return render_template(
        "admin/settings/restraint.html",
        answers=answers,
        errors=errors,
        domains=rows[:_PAGE],
        next_before=rows[_PAGE - 1].id if len(rows) > _PAGE else None,
    )
