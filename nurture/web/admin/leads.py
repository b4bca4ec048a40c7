"""Leads: the list with its filters, and the card that explains one."""

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Invalid, NotFound
from nurture.flows import change_leads, touch
from nurture.flows.touch import Touch
from nurture.rules.words import _, ngettext
from nurture.store.leads import STAGES
from nurture.store.views import lead as card_view
from nurture.store.views import leads as list_view
from nurture.store.views.leads import LeadFilter
from nurture.store.views.model import default_model
from nurture.web import access
from nurture.web.admin import lead_card
from nurture.web.query import chosen, number, text
from nurture.web.rendering import number as number_text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("leads", __name__)
GRADES = ("A", "B", "C")
TEMPERATURES = ("cold", "warm", "hot")
_FILTERS = frozenset({"q", "temperature", "grade", "stage", "source", "tag", "held"})


@pages.get("/leads")
def index() -> ResponseReturnValue:
    """The list; every filter stands in the address."""
    session, wanted = page_session(), _wanted()
    return render_template(
        "admin/leads/index.html",
        wanted=wanted,
        page=list_view.page(session, wanted),
        sources=list_view.sources(session),
        owners=list_view.owners(session) if access.may("leads.change") else [],
        heat_of=lead_card.heat_reader(default_model(session), now()),
        stages=STAGES,
        temperatures=TEMPERATURES,
        grades=GRADES,
        filters=_filters(),
    )


@pages.post("/leads/change")
def change() -> ResponseReturnValue:
    """Change those who are ticked, or everybody who matches the filter of the address."""
    lead_ids, form = _meant(), request.form
    what = form.get("what", "")
    value = form.get("owner" if what == "owner" else "tag", "")
    close_session()
    try:
        if not lead_ids:
            raise Invalid(_("Tick somebody first."))
        with runtime().sessions.begin() as session:
            done = change_leads.change_leads(session, lead_ids, what, value, by=signed_in().actor, now=now())
            change_id, changed = done.id, len(done.lead_ids)
    except Invalid as refusal:
        flash(str(refusal), "bad")
        return redirect(_back())
    runtime().wake("advance")
    sentence = ngettext("%s lead is changed.", "%s leads are changed.", changed) % number_text(changed)
    flash(Markup("{} {}").format(sentence, _undo_button(change_id)) if changed else sentence)
    return redirect(_back())


@pages.post("/leads/changes/<int:change_id>/undo")
def undo(change_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        changed = change_leads.undo(session, change_id, by=signed_in().actor, now=now())
    runtime().wake("advance")
    flash(
        ngettext("Undone: %s lead is as before.", "Undone: %s leads are as before.", changed)
        % number_text(changed)
    )
    return redirect(_back())


@pages.post("/leads/<int:lead_id>/touch")
def add_touch(lead_id: int) -> ResponseReturnValue:
    """A call, a meeting, a business card or a note, as it happened outside."""
    form = request.form
    # A card is always theirs, whoever began.
    direction = "in" if form.get("what") == "business_card" else form.get("direction", "in")
    given = Touch(form.get("what", ""), direction, form.get("note", "").strip())
    try:
        if len(given.note) > touch.LONGEST_NOTE:
            raise Invalid(_("The note is longer than 5,000 letters."))
        with runtime().sessions.begin() as session:
            touch.add_touch(session, lead_id, given, by=signed_in().actor, now=now())
    except Invalid as refusal:
        flash(str(refusal), "bad")
    else:
        runtime().wake("rate")
        flash(_("Noted. It stands in the timeline, and counts when it is rated."))
    return redirect(url_for("leads.card", lead_id=lead_id))


def _wanted() -> LeadFilter:
    return LeadFilter(
        q=text("q"),
        temperature=chosen("temperature", TEMPERATURES),
        grade=chosen("grade", GRADES),
        stage=chosen("stage", STAGES),
        source=text("source"),
        tag=text("tag"),
        held=request.args.get("held") == "1",
        after=number("after"),
    )


def _meant() -> list[int]:
    if request.form.get("all") == "1":
        return list_view.ids(page_session(), _wanted(), limit=change_leads.MOST + 1)
    ticked = request.form.getlist("lead")[:500]
    return [int(one) for one in ticked if one.isascii() and one.isdigit() and len(one) < 19]


def _back() -> str:
    """The list with the filter that was there; only names of ours, never an address that was sent along."""
    return url_for("leads.index", **_filters())  # type: ignore[arg-type]


def _filters() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name in _FILTERS and value}


def _undo_button(change_id: int) -> Markup:
    return Markup(render_template("admin/leads/undo.html", change_id=change_id, filters=_filters()))


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
