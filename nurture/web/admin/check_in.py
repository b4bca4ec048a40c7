"""The door of an event, on a phone: look for a name, one tap, undo."""

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import guests
from nurture.rules.folding import fold
from nurture.rules.words import _
from nurture.store import guests as listed
from nurture.store.events import Event
from nurture.web.query import text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("check_in", __name__, url_prefix="/events/<int:event_id>/check-in")
_SHOWN, _WHOLE = 60, 2_000
_STRANGERS = 8


@pages.get("")
def index(event_id: int) -> ResponseReturnValue:
    """Guests by name; asked for as one types, only the list comes."""
    if request.args.get("all") == "1":
        return _list(event_id)
    return _page(event_id, text("q"))


@pages.post("/<int:lead_id>")
def tap(event_id: int, lead_id: int) -> ResponseReturnValue:
    """They are there, or were not after all; `at` is when it was tapped on a phone without network."""
    by = signed_in().actor
    with runtime().sessions.begin() as session:
        if request.form.get("do") == "undo":
            guests.undo_check_in(session, event_id, lead_id, by=by, now=now())
        else:
            guests.check_in(session, event_id, lead_id, by=by, now=now(), at=_tapped())
    runtime().wake("signals")
    q = request.form.get("q", "")[:200]
    if not request.headers.get("HX-Request"):
        return redirect(url_for("check_in.index", event_id=event_id, q=q or None))
    close_session()
    return _page(event_id, q)


def _tapped() -> datetime | None:
    """The moment of the tap by the clock of the phone, in milliseconds."""
    said = request.form.get("at", "")
    if not (said.isascii() and said.isdigit() and len(said) < 15):
        return None
    return datetime.fromtimestamp(int(said) / 1000, UTC)


def _list(event_id: int) -> str:
    """Every guest, for a phone that may lose its network."""
    session, event = page_session(), _event(event_id)
    return render_template(
        "admin/events/door.html",
        event=event,
        rows=listed.at_the_door(session, event_id, q="", limit=_WHOLE),
        q="",
        counts=listed.counts(session, [event_id])[event_id],
        strangers=[],
        shown=_WHOLE,
    )


def _event(event_id: int) -> Event:
    event = page_session().get(Event, event_id)
    if event is None:
        raise NotFound(_("There is no such event."))
    return event


def _page(event_id: int, q: str) -> str:
    session, event = page_session(), _event(event_id)
    rows = listed.at_the_door(session, event_id, q=fold(q), limit=_SHOWN)
    only_list = request.headers.get("HX-Request")
    return render_template(
        "admin/events/door.html" if only_list else "admin/events/check_in.html",
        event=event,
        rows=rows,
        q=q,
        counts=listed.counts(session, [event_id])[event_id],
        strangers=listed.strangers(session, event_id, q=fold(q), limit=_STRANGERS) if len(q) > 1 else [],
        shown=_SHOWN,
    )
