"""The card of one lead: who this is, why so warm and so ready, what comes next, what happened."""

from collections.abc import Mapping
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Invalid, NotFound
from nurture.flows import change_leads, start_leads, target, touch
from nurture.flows.take_back import take_back_one
from nurture.flows.touch import Touch
from nurture.rules import names
from nurture.rules.answers import BUYING_ROLES
from nurture.rules.words import _
from nurture.store import custom_fields, lead_aliases, lead_edits
from nurture.store.views import consents
from nurture.store.views import lead as card_view
from nurture.store.views import timeline as timeline_view
from nurture.web import access
from nurture.web.admin.leads import drawing
from nurture.web.admin.leads.part import pages
from nurture.web.admin.models.target_words import column_name, value_words
from nurture.web.lead_words import PURPOSES
from nurture.web.query import chosen
from nurture.web.request import now, page_session, runtime, signed_in


@pages.post("/leads/<int:lead_id>/touch")
def add_touch(lead_id: int) -> ResponseReturnValue:
    """A call, a meeting, a business card or a note, as it happened outside."""
    form = request.form
    # A card, a request, or staying away is always theirs, whoever began.
    theirs = form.get("what") in ("business_card", "missed", "request")
    direction = "in" if theirs else form.get("direction", "in")
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
        asked = given.what == "request"
        flash(
            _("Noted. The lead goes to sales at once.")
            if asked
            else _("Noted. It stands in the timeline, and counts when it is rated.")
        )
    return redirect(url_for("leads.card", lead_id=lead_id))


@pages.post("/leads/touches/<uuid:signal_id>/take_back")
def take_back_touch(signal_id: UUID) -> ResponseReturnValue:
    """A touch that was entered by mistake, or with the wrong lead, counts no more."""
    with runtime().sessions.begin() as session:
        lead_id = take_back_one(session, signal_id, by=signed_in().actor, now=now())
    flash(_("Taken back. It stays in the timeline, and counts no more."))
    return redirect(url_for("leads.card", lead_id=lead_id))


@pages.get("/leads/<int:lead_id>")
def card(lead_id: int) -> ResponseReturnValue:
    """Who this is, why so warm and so ready, what comes next, and everything that happened."""
    return page(lead_id, typed={}, errors={})


def page(lead_id: int, *, typed: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    """The card; what was typed and refused stands in its form again."""
    session = page_session()
    card = card_view.load(session, lead_id)
    if card is None:
        raise NotFound(_("There is no such lead."))
    only, period = chosen("only", ("mails", "people")), chosen("days", tuple(drawing.PERIODS)) or "90"
    return render_template(
        "admin/leads/card.html",
        card=card,
        lead=card.lead,
        lead_id=lead_id,
        only=only,
        period=period,
        explained=drawing.explained(session, card, period=period, now=now()),
        ahead=drawing.ahead(session, card),
        touches=timeline_view.timeline(session, lead_id, before=None, only=only),
        page_size=timeline_view.TIMELINE_PAGE,
        ledger=consents.page(session, lead_id=lead_id, before=None, limit=20),
        colleagues=card_view.colleagues(session, card.lead),
        edits=lead_edits.lately(session, lead_id),
        merges=lead_aliases.into(session, lead_id),
        own_fields=custom_fields.every(session),
        owners=card_view.owners(session) if access.may("leads.edit") else [],
        places=start_leads.places(session) if access.may("leads.start") else [],
        buying_roles=BUYING_ROLES,
        purposes=PURPOSES,
        typed=typed,
        errors=errors,
        field_name=names.field,
        target=target.of_lead(session, lead_id, now=now()),
        target_column=column_name,
        target_value=value_words,
    )


@pages.post("/leads/<int:lead_id>/start")
def start(lead_id: int) -> ResponseReturnValue:
    """Begin in a chain, at its beginning or at a step; the line that says so takes it back."""
    place = request.form.get("start", "")
    try:
        with runtime().sessions.begin() as session:
            by = signed_in().actor
            done = change_leads.change_leads(session, [lead_id], "start", place, by=by, now=now())
            change_id, began = done.id, bool(done.lead_ids)
    except Invalid as refusal:
        flash(str(refusal), "bad")
    else:
        runtime().wake("advance")
        if began:
            undo = render_template("admin/leads/undo.html", change_id=change_id, filters={})
            flash(Markup("{} {}").format(_("It begins there now."), Markup(undo)))
        else:
            flash(_("It stands in this program already, or is held back from all of them."), "bad")
    return redirect(url_for("leads.card", lead_id=lead_id))


@pages.get("/leads/<int:lead_id>/timeline")
def timeline(lead_id: int) -> ResponseReturnValue:
    """Older lines of the timeline, as a fragment."""
    before = _mark(request.args.get("before", ""))
    only = chosen("only", ("mails", "people"))
    touches = timeline_view.timeline(page_session(), lead_id, before=before, only=only)
    return render_template(
        "admin/leads/touches.html",
        lead_id=lead_id,
        touches=touches,
        only=only,
        page_size=timeline_view.TIMELINE_PAGE,
    )


def _mark(written: str) -> timeline_view.Mark | None:
    try:
        return timeline_view.Mark.read(written)
    except ValueError:
        return None
