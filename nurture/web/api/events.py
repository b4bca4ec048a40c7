"""/events: events of the company and their guests."""

from datetime import datetime
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from nurture.errors import NotFound
from nurture.flows import ask_guests, export_guests, guests
from nurture.flows import events as flow
from nurture.rules.folding import fold
from nurture.rules.words import _
from nurture.store import events
from nurture.store import guests as listed
from nurture.store import installation as installations
from nurture.store.events import Event
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.events import (
    EventChange,
    EventIn,
    EventOut,
    FeedbackIn,
    GuestIn,
    GuestOut,
    HowMany,
)
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("events", "Events of the company and their guests.")
_PLAIN = ("id", "name", "timezone", "place", "link", "description", "capacity")
_INSTANTS = ("starts_at", "ends_at", "closed_at", "cancelled_at", "created_at", "updated_at")


class GuestQuery(door.PageQuery):
    """Some of the guests."""

    state = fields.String(load_default="", validate=validate.OneOf(("", *listed.STATES)))
    q = fields.String(load_default="", validate=validate.Length(max=200))


@part.route("/events", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(EventOut))
def list_events(asked: dict[str, Any]) -> dict[str, Any]:
    """Events, those that begin last first."""
    place = door.place_of(asked["cursor"], (_moment, door.whole))
    session = page_session()
    rows = events.page(session, place=(place[0], place[1]) if place else None, limit=asked["limit"] + 1)
    cut = door.cut(rows, asked["limit"], lambda row: (row.starts_at.isoformat(), row.id))
    counts = listed.counts(session, [row.id for row in cut["data"]])
    return {**cut, "data": [_shown(row, counts[row.id]) for row in cut["data"]]}


@part.route("/events", methods=["POST"])
@part.arguments(EventIn)
@part.response(201, EventOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make an event. Without a time zone it is that of the company."""
    with runtime().sessions.begin() as session:
        said.setdefault("timezone", installations.get(session).timezone)
        event_id = flow.create(session, said, by=door.actor(), now=now()).id
    return _one(event_id), 201


@part.route("/events/<int:event_id>", methods=["GET"])
@part.response(200, EventOut)
def one(event_id: int) -> dict[str, Any]:
    """One event."""
    return _one(event_id)


@part.route("/events/<int:event_id>", methods=["PATCH"])
@part.arguments(EventChange)
@part.response(200, EventOut)
def change(said: dict[str, Any], event_id: int) -> dict[str, Any]:
    """Change what is sent; the rest stays."""
    with runtime().sessions.begin() as session:
        flow.change(session, event_id, said, by=door.actor(), now=now())
    return _one(event_id)


@part.route("/events/<int:event_id>/call_off", methods=["POST"])
@part.response(200, EventOut)
def call_off(event_id: int) -> dict[str, Any]:
    """The event will not be. Refused (409) once its list is closed."""
    with runtime().sessions.begin() as session:
        flow.call_off(session, event_id, by=door.actor(), now=now())
    return _one(event_id)


@part.route("/events/<int:event_id>/close", methods=["POST"])
@part.response(200, HowMany)
def close(event_id: int) -> dict[str, Any]:
    """Whoever is on the list and was not there is a no-show; how many. Refused (409) before it begins."""
    with runtime().sessions.begin() as session:
        missing = guests.close(session, event_id, by=door.actor(), now=now())
    runtime().wake("signals")
    return {"guests": missing}


@part.route("/events/<int:event_id>/reopen", methods=["POST"])
@part.response(200, HowMany)
def reopen(event_id: int) -> dict[str, Any]:
    """Take the no-shows back; how many there were."""
    with runtime().sessions.begin() as session:
        back = guests.reopen(session, event_id, by=door.actor(), now=now())
    runtime().wake("signals")
    return {"guests": back}


@part.route("/events/<int:event_id>/ask_feedback", methods=["POST"])
@part.response(200, HowMany)
def ask(event_id: int) -> dict[str, Any]:
    """Send everybody who came a mail that asks how it was, once; how many."""
    sessions, base = runtime().sessions, runtime().settings.base_url
    asked = ask_guests.ask_guests(sessions, event_id, runtime().ring, base, by=door.actor(), now=now())
    runtime().wake("deliver")
    return {"guests": asked}


@part.route("/events/<int:event_id>/guests", methods=["GET"])
@part.arguments(GuestQuery, location="query")
@part.response(200, ListOf(GuestOut))
def list_guests(asked: dict[str, Any], event_id: int) -> dict[str, Any]:
    """Guests by the id of their lead; `?state=` and `?q=` for some of them."""
    _existing(event_id)
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = listed.page(
        page_session(),
        event_id,
        q=fold(asked["q"]),
        state=asked["state"],
        after=place[0] if place else 0,
        limit=asked["limit"] + 1,
    )
    cut = door.cut(rows, asked["limit"], lambda row: (row.lead_id,))
    return {**cut, "data": [_guest(row) for row in cut["data"]]}


@part.route("/events/<int:event_id>/guests", methods=["POST"])
@part.arguments(GuestIn)
@part.response(201, GuestOut)
def register(said: dict[str, Any], event_id: int) -> ResponseReturnValue:
    """Put somebody on the list; a person who is new becomes a lead. Refused (409) when the event is full or
    called off."""
    beyond, lead_id = said.pop("beyond_capacity"), said.pop("lead_id", None)
    answers = said | ({"id": lead_id} if lead_id is not None else {})
    with runtime().sessions.begin() as session:
        lead_id = guests.register_person(
            session,
            event_id,
            answers,
            by=door.actor(),
            now=now(),
            pepper=runtime().pepper,
            base_url=runtime().settings.base_url,
            source="api",
            beyond=beyond,
        )
    runtime().wake("signals")
    return _one_guest(event_id, lead_id), 201


@part.route("/events/<int:event_id>/guests/<int:lead_id>", methods=["GET"])
@part.response(200, GuestOut)
def one_guest(event_id: int, lead_id: int) -> dict[str, Any]:
    """One guest."""
    return _one_guest(event_id, lead_id)


@part.route("/events/<int:event_id>/guests/<int:lead_id>", methods=["DELETE"])
@part.response(200, GuestOut)
def strike(event_id: int, lead_id: int) -> dict[str, Any]:
    """Take somebody off the list; what was told of them is taken back."""
    return _done(event_id, lead_id, guests.strike)


@part.route("/events/<int:event_id>/guests/<int:lead_id>/check_in", methods=["POST"])
@part.response(200, GuestOut)
def check_in(event_id: int, lead_id: int) -> dict[str, Any]:
    """They are there. Whoever was not on the list is put on it."""
    return _done(event_id, lead_id, guests.check_in)


@part.route("/events/<int:event_id>/guests/<int:lead_id>/check_in", methods=["DELETE"])
@part.response(200, GuestOut)
def undo_check_in(event_id: int, lead_id: int) -> dict[str, Any]:
    """They were not there after all."""
    return _done(event_id, lead_id, guests.undo_check_in)


@part.route("/events/<int:event_id>/guests/<int:lead_id>/feedback", methods=["PUT"])
@part.arguments(FeedbackIn)
@part.response(200, GuestOut)
def feedback(said: dict[str, Any], event_id: int, lead_id: int) -> dict[str, Any]:
    """What a guest who came thought of it, 1 to 5; said again it replaces what was said before."""
    with runtime().sessions.begin() as session:
        guests.give_feedback(
            session, event_id, lead_id, said["rating"], said["comment"], now=now(), by=door.actor()
        )
    runtime().wake("signals")
    return _one_guest(event_id, lead_id)


@part.route("/events/<int:event_id>/guests.csv", methods=["GET"])
@part.response(200, content_type="text/csv")
def export(event_id: int) -> Response:
    """The whole list as a CSV file; that it was taken out is written down."""
    close_session()
    export_guests.note(runtime().sessions, event_id, by=door.actor(), now=now())
    return Response(export_guests.stream(runtime().sessions, event_id), mimetype="text/csv")


def _done(event_id: int, lead_id: int, act: Any) -> dict[str, Any]:
    with runtime().sessions.begin() as session:
        act(session, event_id, lead_id, by=door.actor(), now=now())
    runtime().wake("signals")
    return _one_guest(event_id, lead_id)


def _moment(part: Any) -> datetime:
    found = datetime.fromisoformat(part)
    if found.tzinfo is None:
        raise ValueError("not an instant")
    return found


def _existing(event_id: int) -> Event:
    event = page_session().get(Event, event_id)
    if event is None:
        raise NotFound(_("There is no such event."))
    return event


def _one(event_id: int) -> dict[str, Any]:
    close_session()
    return _shown(_existing(event_id), listed.counts(page_session(), [event_id])[event_id])


def _one_guest(event_id: int, lead_id: int) -> dict[str, Any]:
    close_session()
    found = listed.one(page_session(), event_id, lead_id)
    if found is None:
        raise NotFound(_("Nobody like that is on the list."))
    return _guest(found)


def _shown(row: Event, counts: dict[str, int]) -> dict[str, Any]:
    states = {name: counts[name] for name in (*listed.STATES, "rated")}
    rating = round(counts["stars"] / counts["rated"], 2) if counts["rated"] else None
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        **{name: moment(getattr(row, name)) for name in _INSTANTS},
        "guests": {**states, "rating": rating},
    }


def _guest(row: Any) -> dict[str, Any]:
    plain = ("lead_id", "name", "email", "company", "state", "source", "rating")
    return {
        **{name: getattr(row, name) for name in plain},
        "registered_at": moment(row.registered_at),
        "came_at": moment(row.came_at),
        "comment": row.words,
    }
