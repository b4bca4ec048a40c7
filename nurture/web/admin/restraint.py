"""Settings: how much one lead is written to at most, and domains where nobody is."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows.restraint import set_cap, set_quiet
from nurture.flows.suppress import block_domain, unblock_domain
from nurture.rules.words import _
from nurture.store import blocked_domains, restraint
from nurture.web.query import number
from nurture.web.rendering import time_of_day
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("restraint", __name__, url_prefix="/settings/restraint")
_PAGE = 50
_ANSWERS = ("most", "days", "over", "quiet_from", "quiet_until")


@pages.get("")
def index() -> ResponseReturnValue:
    return _page(_as_it_is(), {})


@pages.post("/domains")
def block() -> ResponseReturnValue:
    written = request.form.get("domain", "")
    try:
        with runtime().sessions.begin() as session:
            block_domain(session, written, detail="", by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _page({**_as_it_is(), "domain": written}, refusal.errors), 422
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
    form = {name: request.form.get(name, "").strip() for name in _ANSWERS}
    try:
        with runtime().sessions.begin() as session:
            most = _whole(form["most"]) if form["most"] else None
            by, at = signed_in().actor, now()
            set_cap(session, most, _whole(form["days"]), form["over"], by=by, now=at)
            set_quiet(session, form["quiet_from"], form["quiet_until"], by=by, now=at)
    except Invalid as refusal:
        return _page(form, refusal.errors), 422
    flash(_("Saved. It holds for the next mail."))
    return redirect(url_for("restraint.index"))


def _as_it_is() -> dict[str, str]:
    row = restraint.get(page_session())
    return {
        "most": "" if row.most is None else str(row.most),
        "days": str(row.days),
        "over": row.over,
        "quiet_from": time_of_day(row.quiet_from),
        "quiet_until": time_of_day(row.quiet_until),
    }


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
