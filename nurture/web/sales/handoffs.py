"""The sales inbox: ripe leads with their reasons, and the answers of sales."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.answer import answer as take_answer
from nurture.rules.stages import OUTCOMES, takes
from nurture.rules.words import _
from nurture.store.views import handoffs as view
from nurture.store.views.handoffs import GROUPS
from nurture.web.query import chosen, number
from nurture.web.rendering import zone
from nurture.web.request import close_session, now, page_session, runtime, signed_in
from nurture.web.sales.answering import FIELDS, outcome_of

pages = Blueprint("handoffs", __name__)


@pages.get("/handoffs")
def index() -> ResponseReturnValue:
    session = page_session()
    group = chosen("show", tuple(GROUPS)) or "open"
    return render_template(
        "sales/handoffs/index.html",
        group=group,
        groups=tuple(GROUPS),
        counts=view.counts(session),
        page=view.page(session, group, after=number("after")),
    )


@pages.get("/handoffs/<int:handoff_id>")
def one(handoff_id: int) -> ResponseReturnValue:
    return _page(handoff_id, {}, {})


@pages.post("/handoffs/<int:handoff_id>/answer")
def answer(handoff_id: int) -> ResponseReturnValue:
    """The answer of the person at the page; a wrong one comes back with its sentences."""
    given = {name: value for name, value in request.form.items() if name in FIELDS}
    try:
        here = zone()
        close_session()
        with runtime().sessions.begin() as session:
            take_answer(session, handoff_id, outcome_of(given, here), by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _page(handoff_id, given, refusal.errors), 422
    except Conflict as refusal:
        return _page(handoff_id, given, {"outcome": [str(refusal)]}), 409
    runtime().wake("post_webhooks")
    flash(_("Thank you: the answer is recorded, and the lead moves on."))
    return redirect(url_for("handoffs.one", handoff_id=handoff_id))


def _page(handoff_id: int, given: dict[str, str], errors: dict[str, list[str]]) -> str:
    session = page_session()
    row = view.one(session, handoff_id)
    if row is None:
        raise NotFound(_("There is no such hand-off."))
    return render_template(
        "sales/handoffs/one.html",
        row=row,
        handoff=row.handoff,
        answers=view.answers(session, handoff_id),
        possible=[outcome for outcome in OUTCOMES if takes(row.handoff.state, outcome)],
        given=given,
        errors=errors,
    )
