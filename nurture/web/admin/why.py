"""Why: one lead and every step of a chain, each with its answer in a sentence."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import why as flow
from nurture.rules.why import Answer, sentence
from nurture.rules.words import _
from nurture.store.views import lead as card
from nurture.web.api.why import sends_before_live
from nurture.web.rendering import moment
from nurture.web.request import now, page_session

pages = Blueprint("why", __name__)
_NEWEST = 3


@pages.get("/leads/<int:lead_id>/why")
def lead(lead_id: int) -> ResponseReturnValue:
    """Every mail of the chain the lead stands in, or of the one asked for."""
    session = page_session()
    person = card.load(session, lead_id)
    if person is None:
        raise NotFound(_("There is no such lead."))
    chain = request.args.get("chain") or None
    found = None
    if chain or person.runs:
        found = flow.why(session, lead_id, chain, now=now(), live=sends_before_live())
    lines = (
        [(key, key in found.sends, one, sentence(one, moment)) for key, one in found.steps.items()]
        if found
        else []
    )
    letters = flow.why_newsletters(session, lead_id, now=now(), live=sends_before_live())
    return render_template(
        "admin/why/lead.html",
        card=person,
        lead=person.lead,
        found=found,
        lines=lines,
        letters=[(one, answer, sentence(answer, moment)) for one, answer in letters],
    )


@pages.get("/leads/<int:lead_id>/why/now")
def in_short(lead_id: int) -> ResponseReturnValue:
    """The mails of the chain the lead stands in and the newest newsletters: for the card."""
    session, at, live = page_session(), now(), sends_before_live()
    lines: list[tuple[str, Answer]] = []
    if (chain := flow.chain_of(session, lead_id)) is not None:
        found = flow.why(session, lead_id, str(chain), now=at, live=live)
        lines = [(key, one) for key, one in found.steps.items() if key in found.sends]
    letters = flow.why_newsletters(session, lead_id, most=_NEWEST, now=at, live=live)
    return render_template(
        "admin/why/in_short.html",
        lines=[(key, one, sentence(one, moment)) for key, one in lines],
        letters=[(one, answer, sentence(answer, moment)) for one, answer in letters],
    )
