"""/leads: make, find, change, and why they stand where they stand."""

import math
from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import leads as flow
from nurture.flows.edit_lead import edit_lead
from nurture.flows.explain import explain as explain_lead
from nurture.flows.explain import explain_at
from nurture.rules.messages import instant
from nurture.rules.words import _
from nurture.store import lead_json, lead_list
from nurture.store.lead_list import LeadQuery, Order, Place, order_of
from nurture.store.views import timeline as timelines
from nurture.web.api import door
from nurture.web.api.plain import plain
from nurture.web.api.schemas import Answer, ListOf
from nurture.web.api.schemas.exports import LeadFilter
from nurture.web.api.schemas.leads import ExplainQuery, LeadIn, LeadOut, TouchOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("leads", "People: identity, answers, scores and everything that happened.")


class Filter(LeadFilter, door.PageQuery):
    """What the list is narrowed to, and which page of it."""


@part.route("/leads", methods=["GET"])
@part.arguments(Filter, location="query")
@part.response(200, ListOf(LeadOut))
def list_leads(asked: dict[str, Any]) -> dict[str, Any]:
    """Leads, newest first unless sorted otherwise."""
    limit, cursor = asked.pop("limit"), asked.pop("cursor")
    order, session = order_of(asked.pop("sort")), page_session()
    places = lead_list.page(session, LeadQuery(**asked), order, after=_place(cursor, order), limit=limit + 1)
    page = door.cut(places, limit, lambda place: (order.written, str(place.key), place.lead_id))
    ids = [place.lead_id for place in page["data"]]
    leads = lead_json.read(session, ids, base_url=_base_url(), now=now())
    return {**page, "data": [leads[lead_id] for lead_id in ids if lead_id in leads]}


@part.route("/leads", methods=["POST"])
@part.arguments(LeadIn)
@part.response(201, LeadOut, description="Made; 200 when a known lead was updated.")
@part.alt_response(200, LeadOut, description="Updated")
def save(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a lead, or update the one with this id, e-mail address or phone."""
    with runtime().sessions.begin() as session:
        saved = flow.save_lead(
            session, said, now=now(), by=door.actor(), pepper=runtime().pepper, base_url=_base_url()
        )
    runtime().wake("leads")
    return _lead(saved.id), 201 if saved.created else 200


@part.route("/leads/<int:lead_id>", methods=["GET"])
@part.response(200, LeadOut)
def one(lead_id: int) -> dict[str, Any]:
    """One lead."""
    return _lead(lead_id)


@part.route("/leads/<int:lead_id>", methods=["PATCH"])
@part.arguments(LeadIn)
@part.response(200, LeadOut)
def change(said: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """Change what is said and nothing else; null clears a value, or one entry of fields and dates."""
    with runtime().sessions.begin() as session:
        edit_lead(
            session,
            lead_id,
            said,
            by=door.actor(),
            now=now(),
            pepper=runtime().pepper,
            base_url=_base_url(),
            source_kind="api",
        )
    runtime().wake("leads")
    return _lead(lead_id)


@part.route("/leads/<int:lead_id>", methods=["DELETE"])
@part.response(204)
def erase(lead_id: int) -> None:
    """Erase the person: nothing more is sent, the address is never taken again, counts stay right."""
    with runtime().sessions.begin() as session:
        flow.erase_lead(
            session,
            lead_id,
            pepper=runtime().pepper,
            home=runtime().settings.home,
            now=now(),
            by=door.actor(),
        )


@part.route("/leads/<int:lead_id>/timeline", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(TouchOut))
def timeline(asked: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """Everything that happened, in both directions, newest first."""
    _existing(lead_id)
    place = door.place_of(asked["cursor"], (timelines.Mark.read,))
    before = place[0] if place else None
    touches = timelines.timeline(page_session(), lead_id, before=before, limit=asked["limit"])
    page = door.cut(touches, asked["limit"], lambda touch: (str(touch.mark),))
    return {
        **page,
        "data": [
            {
                "at": instant(touch.at),
                "what": touch.what,
                "kind": touch.kind,
                "ref": touch.ref,
                "about": touch.about,
                "detail": plain(touch.detail),
                "verdict": touch.verdict or None,
                "source": touch.source or None,
            }
            for touch in page["data"]
        ],
    }


@part.route("/leads/<int:lead_id>/explain", methods=["GET"])
@part.arguments(ExplainQuery, location="query")
@part.response(
    200, Answer, description="Heat, temperature, grade and readiness, each with what adds up to it."
)
def explain(asked: dict[str, Any], lead_id: int) -> Any:
    """Why so warm, so strong, so ready; with `at`, heat and temperature at a past moment."""
    if "at" in asked:
        return plain(explain_at(page_session(), lead_id, at=asked["at"], now=now()))
    return plain(explain_lead(page_session(), lead_id, now=now()))


def _place(cursor: str | None, order: Order) -> Place | None:
    """Where the page before ended; a cursor belongs to the order in which it was given."""

    def mine(part: Any) -> str:
        if part != order.written:
            raise ValueError("a cursor of another order")
        return order.written

    place = door.place_of(cursor, (mine, _key_of(order), door.whole))
    return Place(place[1], place[2]) if place else None


def _key_of(order: Order) -> Callable[[Any], str | float]:
    if order.by == "name":
        return _short
    return door.digits if order.by == "created" else _number


def _short(part: Any) -> str:
    if not isinstance(part, str) or len(part) > 200 or "\0" in part:
        raise ValueError("no name")
    return part


def _number(part: Any) -> float:
    """A number, or less than any number."""
    value = float(part)
    if math.isnan(value):
        raise ValueError("not a number")
    return value


def _lead(lead_id: int) -> dict[str, Any]:
    close_session()
    lead = lead_json.read(page_session(), [lead_id], base_url=_base_url(), now=now()).get(lead_id)
    if lead is None:
        raise NotFound(_("There is no such lead."))
    return lead


def _existing(lead_id: int) -> None:
    if not lead_list.exists(page_session(), lead_id):
        raise NotFound(_("There is no such lead."))


def _base_url() -> str:
    return runtime().settings.base_url
