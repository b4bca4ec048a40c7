"""The door of an event, on a phone: look for a name, one tap, undo."""

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
_SHOWN = 60
_STRANGERS = 8


@pages.get("")
def index(event_id: int) -> ResponseReturnValue:
    """Guests by name; asked for as one types, only the list comes."""
    return _page(event_id, text("q"))


@pages.post("/<int:lead_id>")
def tap(event_id: int, lead_id: int) -> ResponseReturnValue:
    """They are there, or were not after all."""
    act = guests.undo_check_in if request.form.get("do") == "undo" else guests.check_in
    with runtime().sessions.begin() as session:
        act(session, event_id, lead_id, by=signed_in().actor, now=now())
    runtime().wake("signals")
    q = request.form.get("q", "")[:200]
    if not request.headers.get("HX-Request"):
        return redirect(url_for("check_in.index", event_id=event_id, q=q or None))
    close_session()
    return _page(event_id, q)


def _page(event_id: int, q: str) -> str:
    session = page_session()
    event = session.get(Event, event_id)
    if event is None:
        raise NotFound(_("There is no such event."))
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
