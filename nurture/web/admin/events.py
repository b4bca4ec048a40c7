"""Events: the list of them, one with its guests, and what is done with both."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound, Refusal
from nurture.flows import ask_guests, export_guests, guests
from nurture.flows import events as flow
from nurture.flows.guest_file import register_file
from nurture.rules.folding import fold
from nurture.rules.timing import zone_named
from nurture.rules.words import _, ngettext
from nurture.store import events
from nurture.store import guests as listed
from nurture.store.events import Event
from nurture.web import rendering
from nurture.web.query import chosen, number, text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("events", __name__, url_prefix="/events")
_PAGE = 50
_EVENTS = 200
_FIELDS = ("name", "starts_at", "ends_at", "timezone", "place", "link", "description", "capacity")


@pages.get("")
def index() -> ResponseReturnValue:
    session = page_session()
    rows = events.page(session, place=None, limit=_EVENTS)
    ahead = [row for row in reversed(rows) if row.ends_at >= now() and row.cancelled_at is None]
    past = [row for row in rows if row not in ahead]
    counts = listed.counts(session, [row.id for row in rows])
    return render_template("admin/events/index.html", ahead=ahead, past=past, counts=counts)


@pages.get("/new")
def new() -> ResponseReturnValue:
    return _form(None, {"timezone": str(rendering.zone())}, {})


@pages.post("")
def create() -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            event_id = flow.create(session, _said(), by=signed_in().actor, now=now()).id
    except Invalid as refusal:
        return _form(None, request.form, refusal.errors), 422
    return redirect(url_for("events.one", event_id=event_id))


@pages.get("/<int:event_id>/edit")
def edit(event_id: int) -> ResponseReturnValue:
    event = _found(event_id)
    return _form(event, _answers(event), {})


@pages.post("/<int:event_id>")
def change(event_id: int) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            flow.change(session, event_id, _said(), by=signed_in().actor, now=now())
    except Invalid as refusal:
        close_session()
        return _form(_found(event_id), request.form, refusal.errors), 422
    flash(_("Saved."))
    return redirect(url_for("events.one", event_id=event_id))


@pages.get("/<int:event_id>")
def one(event_id: int) -> ResponseReturnValue:
    return _one(event_id, {}, {})


@pages.post("/<int:event_id>/turn")
def turn(event_id: int) -> ResponseReturnValue:
    """What the pressed button says is done with the event: closed, opened again, called off, asked about."""
    by, sessions = signed_in().actor, runtime().sessions
    try:
        if request.form.get("do") == "ask":
            base = runtime().settings.base_url
            n = ask_guests.ask_guests(sessions, event_id, runtime().ring, base, by=by, now=now())
            said = ngettext("%(n)s guest is asked by mail.", "%(n)s guests are asked by mail.", n) % {"n": n}
            runtime().wake("deliver")
        else:
            with sessions.begin() as session:
                said = _turned(session, event_id, request.form.get("do", ""), by)
    except Conflict as refusal:
        flash(str(refusal), "bad")
    else:
        runtime().wake("signals")
        flash(said)
    return redirect(url_for("events.one", event_id=event_id))


@pages.post("/<int:event_id>/guests")
def add_guest(event_id: int) -> ResponseReturnValue:
    """Somebody who is known (`lead_id`), or a person by what is typed."""
    form, by = request.form, signed_in().actor
    names = ("email", "first_name", "last_name", "company")
    said: dict[str, Any] = {name: form[name].strip() for name in names if form.get(name, "").strip()}
    try:
        with runtime().sessions.begin() as session:
            if form.get("lead_id", "").isdecimal() and len(form["lead_id"]) < 19:
                guests.register(session, event_id, [int(form["lead_id"])], by=by, now=now(), beyond=True)
            else:
                guests.register_person(
                    session,
                    event_id,
                    said,
                    by=by,
                    now=now(),
                    pepper=runtime().pepper,
                    base_url=runtime().settings.base_url,
                    beyond=True,
                )
    except (Invalid, Conflict, NotFound) as refusal:
        errors = getattr(refusal, "errors", None) or {"email": [str(refusal)]}
        return _one(event_id, form, errors), 422
    runtime().wake("signals")
    flash(_("Registered."))
    return redirect(url_for("events.one", event_id=event_id))


@pages.post("/<int:event_id>/guests/<int:lead_id>")
def guest(event_id: int, lead_id: int) -> ResponseReturnValue:
    """What the pressed button of a line says."""
    by = signed_in().actor
    with runtime().sessions.begin() as session:
        match request.form.get("do"):
            case "undo":
                guests.undo_check_in(session, event_id, lead_id, by=by, now=now())
            case "strike":
                guests.strike(session, event_id, lead_id, by=by, now=now())
            case "register":
                guests.register(session, event_id, [lead_id], by=by, now=now(), beyond=True)
            case _:
                guests.check_in(session, event_id, lead_id, by=by, now=now())
    runtime().wake("signals")
    return redirect(url_for("events.one", event_id=event_id))


@pages.post("/<int:event_id>/file")
def add_file(event_id: int) -> ResponseReturnValue:
    """Everybody of a CSV file."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _one(event_id, {}, {"file": [_("Choose a file.")]}), 422
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "guests.csv"
        sent.save(path)
        try:
            base, by = runtime().settings.base_url, signed_in().actor
            done = register_file(
                runtime().sessions, event_id, path, by=by, now=now(), pepper=runtime().pepper, base_url=base
            )
        except Refusal as refusal:
            return _one(event_id, {}, {"file": [str(refusal)]}), 422
    runtime().wake("signals")
    n = done.registered
    said = ngettext("%(n)s row is on the list.", "%(n)s rows are on the list.", n) % {"n": n}
    if done.faults:
        flash(said)
        lines = [_("Line %(n)s: %(why)s") % {"n": line, "why": why} for line, why in done.faults[:20]]
        return _one(event_id, {}, {"file": lines}), 422
    flash(said)
    return redirect(url_for("events.one", event_id=event_id))


@pages.post("/<int:event_id>/guests.csv")
def export(event_id: int) -> ResponseReturnValue:
    """The whole list as a file."""
    export_guests.note(runtime().sessions, event_id, by=signed_in().actor, now=now())
    headers = {
        "Content-Disposition": f'attachment; filename="guests-{event_id}.csv"',
        "Cache-Control": "no-store",
    }
    stream = export_guests.stream(runtime().sessions, event_id)
    return Response(stream, mimetype="text/csv", headers=headers)


def _turned(session: Any, event_id: int, do: str, by: str) -> str:
    match do:
        case "close":
            n = guests.close(session, event_id, by=by, now=now())
            return ngettext("%(n)s did not come.", "%(n)s did not come.", n) % {"n": n}
        case "reopen":
            guests.reopen(session, event_id, by=by, now=now())
            return _("The list is open again.")
        case "call_off":
            flow.call_off(session, event_id, by=by, now=now())
            return _("The event is called off.")
    raise Conflict(_("This cannot be done with an event."))


def _one(event_id: int, answers: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    close_session()
    session, event = page_session(), _found(event_id)
    state, q, known = chosen("state", listed.STATES), text("q"), text("known")
    after = number("after") or 0
    rows = listed.page(session, event_id, q=fold(q), state=state, after=after, limit=_PAGE + 1)
    counts = listed.counts(session, [event_id])[event_id]
    return render_template(
        "admin/events/one.html",
        event=event,
        counts=counts,
        there=sum(counts[name] for name in ("registered", "attended", "no_show")),
        rows=rows[:_PAGE],
        next_after=rows[_PAGE - 1].lead_id if len(rows) > _PAGE else None,
        state=state,
        q=q,
        known=known,
        strangers=listed.strangers(session, event_id, q=fold(known), limit=6),
        begun=now() >= event.starts_at,
        zone=zone_named(event.timezone),
        answers=answers,
        errors=errors,
    )


def _form(event: Event | None, answers: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    return render_template("admin/events/form.html", event=event, answers=answers, errors=errors)


def _found(event_id: int) -> Event:
    event = page_session().get(Event, event_id)
    if event is None:
        raise NotFound(_("There is no such event."))
    return event


def _answers(event: Event) -> dict[str, Any]:
    zone = zone_named(event.timezone)
    local = {
        name: getattr(event, name).astimezone(zone).strftime("%Y-%m-%dT%H:%M")
        for name in ("starts_at", "ends_at")
    }
    return {name: getattr(event, name) for name in _FIELDS} | local


def _said() -> dict[str, Any]:
    """The form as the flow wants it: times are those of the event's zone. Raises Invalid."""
    form = {name: request.form.get(name, "").strip() for name in _FIELDS}
    zone = zone_named(form["timezone"]) or UTC
    said: dict[str, Any] = dict(form)
    faults: dict[str, list[str]] = {}
    for name in ("starts_at", "ends_at"):
        try:
            local = datetime.fromisoformat(form[name]) if form[name] else None
            said[name] = local.replace(tzinfo=zone).astimezone(UTC) if local else None
        except (ValueError, OverflowError):
            faults[name] = [_("Say the day and the hour.")]
    seats = form["capacity"]
    if seats and not (seats.isdecimal() and len(seats) < 10):
        faults["capacity"] = [_("A number of seats, or nothing.")]
    if faults:
        raise Invalid(_("The event cannot be kept."), faults)
    return said | {"capacity": int(seats) if seats else None}
