"""Leads: the list with its filters, and the card that explains one."""

from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.rules.words import _
from nurture.store.leads import STAGES
from nurture.store.views import lead as card_view
from nurture.store.views import leads as list_view
from nurture.store.views.leads import LeadFilter
from nurture.store.views.model import default_model
from nurture.web.admin import lead_card
from nurture.web.query import chosen, number, text
from nurture.web.request import now, page_session

pages = Blueprint("leads", __name__)
GRADES = ("A", "B", "C")
TEMPERATURES = ("cold", "warm", "hot")


@pages.get("/leads")
def index() -> ResponseReturnValue:
    """The list; every filter stands in the address."""
    session = page_session()
    wanted = LeadFilter(
        q=text("q"),
        temperature=chosen("temperature", TEMPERATURES),
        grade=chosen("grade", GRADES),
        stage=chosen("stage", STAGES),
        source=text("source"),
        tag=text("tag"),
        after=number("after"),
    )
    return render_template(
        "admin/leads/index.html",
        wanted=wanted,
        page=list_view.page(session, wanted),
        sources=list_view.sources(session),
        heat_of=lead_card.heat_reader(default_model(session), now()),
        stages=STAGES,
        temperatures=TEMPERATURES,
        grades=GRADES,
    )


@pages.get("/leads/<int:lead_id>")
def card(lead_id: int) -> ResponseReturnValue:
    """Who this is, why so warm and so ready, what comes next, and everything that happened."""
    session = page_session()
    card = card_view.load(session, lead_id)
    if card is None:
        raise NotFound(_("There is no such lead."))
    only, period = chosen("only", ("mails", "people")), chosen("days", tuple(lead_card.PERIODS)) or "90"
    return render_template(
        "admin/leads/card.html",
        card=card,
        lead=card.lead,
        lead_id=lead_id,
        only=only,
        period=period,
        explained=lead_card.explained(session, card, period=period, now=now()),
        ahead=lead_card.ahead(card.runs, now=now()),
        touches=card_view.timeline(session, lead_id, before=None, only=only),
        page_size=card_view.TIMELINE_PAGE,
    )


@pages.get("/leads/<int:lead_id>/timeline")
def timeline(lead_id: int) -> ResponseReturnValue:
    """Older lines of the timeline, as a fragment."""
    before = _instant("before")
    only = chosen("only", ("mails", "people"))
    touches = card_view.timeline(page_session(), lead_id, before=before, only=only)
    return render_template(
        "admin/leads/touches.html",
        lead_id=lead_id,
        touches=touches,
        only=only,
        page_size=card_view.TIMELINE_PAGE,
    )


def _instant(name: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return instant if instant.tzinfo else None
