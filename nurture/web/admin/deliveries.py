"""Deliveries: the list by state, and one with its tries, its hits and the mail as it reads."""

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import letters
from nurture.mail.prepare import RenderFault
from nurture.rules.words import _
from nurture.store import consents
from nurture.store.deliveries import STATES
from nurture.store.views import deliveries as view
from nurture.store.views.deliveries import DeliveryPage
from nurture.web.query import chosen, number
from nurture.web.request import page_session
from nurture.web.security import MAIL_POLICY

pages = Blueprint("deliveries", __name__)


@pages.get("/deliveries")
def index() -> ResponseReturnValue:
    state, lead_id = chosen("state", STATES), number("lead")
    rows, next_after = view.page(page_session(), state=state, lead_id=lead_id, after=number("after"))
    return render_template(
        "admin/deliveries/index.html",
        rows=rows,
        next_after=next_after,
        state=state,
        lead_id=lead_id,
        states=STATES,
    )


@pages.get("/deliveries/<int:delivery_id>")
def one(delivery_id: int) -> ResponseReturnValue:
    page = _found(delivery_id)
    entry = page.delivery.consent_id
    return render_template(
        "admin/deliveries/one.html",
        page=page,
        delivery=page.delivery,
        consent=consents.entry(page_session(), entry) if entry is not None else None,
    )


@pages.get("/deliveries/<int:delivery_id>/mail")
def mail(delivery_id: int) -> ResponseReturnValue:
    """What stands in the frame: the mail of this lead, without pixel and tracked links, unable to run."""
    delivery = _found(delivery_id).delivery
    try:
        shown = letters.preview(page_session(), delivery.mail_version_id, delivery.lead_id)
        html = shown.html if shown else ""
    except RenderFault as fault:
        html = render_template("parts/mail_fault.html", sentence=str(fault))
    answer = make_response(html or render_template("parts/mail_fault.html", sentence=_("This mail is gone.")))
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


def _found(delivery_id: int) -> DeliveryPage:
    page = view.one(page_session(), delivery_id)
    if page is None:
        raise NotFound(_("There is no such delivery."))
    return page
