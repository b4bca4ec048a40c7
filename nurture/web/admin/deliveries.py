"""Deliveries: the list by state, and one with its tries, its hits and the mail as it reads."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import letters
from nurture.flows.as_sent import as_sent
from nurture.mail.prepare import RenderFault
from nurture.rules.timing import instant_of
from nurture.rules.words import _
from nurture.store import consents
from nurture.store.views import deliveries as view
from nurture.store.views.deliveries import DeliveryPage
from nurture.web import rendering
from nurture.web.query import chosen, number
from nurture.web.request import page_session, runtime
from nurture.web.security import MAIL_POLICY

pages = Blueprint("deliveries", __name__)


@pages.get("/deliveries")
def index() -> ResponseReturnValue:
    """Newest first, narrowed by state, program, mail and the day it was made."""
    session = page_session()
    asked: dict[str, Any] = {"state": chosen("state", view.SEEN_STATES), "lead_id": number("lead")}
    asked |= {"program_id": number("program"), "mail_id": number("mail")}
    since, until = _day("since"), _day("until")
    rows, next_after = view.page(session, **asked, days=_span(since, until), after=number("after"))
    return render_template(
        "admin/deliveries/index.html",
        rows=rows,
        next_after=next_after,
        states=view.SEEN_STATES,
        choices=view.choices(session, asked["program_id"]),
        since=since,
        until=until,
        narrowed=any(asked.values()) or since or until,
        **asked,
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _span(since: date | None, until: date | None) -> tuple[datetime, datetime] | None:
    """From the midnight before the first day to the one after the last, in the zone of the house."""
    if since is None and until is None:
        return None
    zone = rendering.zone()
    first = instant_of(since or date(2000, 1, 1), 0, zone)
    last = instant_of((until or date(9000, 1, 1)) + timedelta(days=1), 0, zone)
    return first, last


@pages.get("/deliveries/<int:delivery_id>")
def one(delivery_id: int) -> ResponseReturnValue:
    page = _found(delivery_id)
    entry = page.delivery.consent_id
    return render_template(
        "admin/deliveries/one.html",
        page=page,
        delivery=page.delivery,
        consent=consents.entry(page_session(), entry) if entry is not None else None,
        sent=as_sent(page_session(), page.delivery, runtime().ring, runtime().settings.base_url),
    )


@pages.get("/deliveries/<int:delivery_id>/mail")
def mail(delivery_id: int) -> ResponseReturnValue:
    """What stands in the frame: the mail of this lead, without pixel and tracked links, unable to run."""
    delivery = _found(delivery_id).delivery
    try:
        shown = letters.preview_delivery(page_session(), delivery)
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
