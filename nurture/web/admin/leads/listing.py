"""The list of leads: every filter, the order and the columns stand in the address."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import start_leads
from nurture.flows.lead_views import DEFAULT
from nurture.store import lead_targets, lead_views
from nurture.store.lead_list import SORTS, Order
from nurture.store.lead_views import SavedView
from nurture.store.leads import STAGES
from nurture.store.views import leads as rows
from nurture.store.views.model import default_model
from nurture.web import access
from nurture.web.admin.leads import asked as address
from nurture.web.admin.leads import columns, drawing
from nurture.web.admin.leads.asked import Asked
from nurture.web.admin.leads.part import pages
from nurture.web.lead_words import PURPOSES
from nurture.web.request import now, page_session, signed_in

# Which end is looked at first when a heading is pressed.
_UPWARDS = frozenset({"name"})


@pages.get("/leads")
def index() -> ResponseReturnValue:
    """The list. Opened bare it is the person's own default view; an address that names a view alone leads to
    what the view asks for, and several `cols` become one."""
    session, asked = page_session(), address.of_request()
    views = lead_views.seen_by(session, signed_in().id)
    if set(request.args) <= {"view"} and (view_of := _meant(views, asked.view)) and view_of.query:
        return redirect(url_for("leads.index", **_opened(view_of)))
    if len(request.args.getlist("cols")) > 1:
        return redirect(url_for("leads.index", **address.pairs(asked)))
    choices = rows.choices(session)
    labels = dict(choices.fields)
    page = rows.load(session, asked.query, asked.order, after=asked.after)
    return render_template(
        "admin/leads/index.html",
        asked=asked,
        wanted=asked.query,
        page=page,
        next_after=address.place_text(page.next) if page.next else None,
        choices=choices,
        headings=columns.headings(asked.columns, labels),
        offered=columns.offered(labels),
        numbers=columns.NUMBERS,
        sorts={name: _turned(asked, name) for name in SORTS},
        views=views,
        opened=next((one for one in views if str(one.id) == asked.view), None),
        default_view=signed_in().preferences.get(DEFAULT),
        percents=_percents(asked, [lead.id for lead in page.rows]),
        targets=address.TARGETS,
        heat_of=drawing.heat_reader(default_model(session), now()),
        filters=address.pairs(asked),
        stages=STAGES,
        temperatures=address.TEMPERATURES,
        grades=address.GRADES,
        bulk=access.may("leads.change"),
        purposes=PURPOSES,
        places=start_leads.places(session) if access.may("leads.change") else [],
    )


def _percents(asked: Asked, lead_ids: list[int]) -> dict[int, float]:
    """What the target score says of these leads, where the list shows it."""
    return lead_targets.of(page_session(), lead_ids) if "target" in asked.columns else {}


def _meant(views: list[SavedView], view: str) -> SavedView | None:
    """The view that is named, or one's default where none is."""
    wanted = view or str(signed_in().preferences.get(DEFAULT, ""))
    return next((one for one in views if str(one.id) == wanted), None)


def _opened(view: SavedView) -> dict[str, Any]:
    return {**address.pairs(address.of_text(view.query)), "view": str(view.id)}


def _turned(asked: Asked, name: str) -> str:
    """What pressing a heading sorts by: the other way round when it is sorted by already."""
    if asked.order.by == name:
        return Order(name, not asked.order.down).written
    return Order(name, name not in _UPWARDS).written
