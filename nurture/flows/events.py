"""Events are made, changed and called off."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.rules.happened import fault_of_date
from nurture.rules.timing import zone_named
from nurture.rules.visits import host_of
from nurture.rules.words import _
from nurture.store import events
from nurture.store.audit import audit
from nurture.store.events import Event

_LASTS = timedelta(hours=2)
_LONGEST = {"name": 200, "place": 300, "link": 1_000, "description": 5_000}
_MOST_SEATS = 1_000_000


def create(session: Session, said: Mapping[str, Any], *, by: str, now: datetime) -> Event:
    """An event by {name, starts_at, ends_at?, timezone, place?, link?, description?, capacity?}, in the
    caller's transaction. Without an end it lasts two hours. Raises Invalid with every fault."""
    values = _read(said, {})
    made = Event(**values, created_by=by, created_at=now, updated_at=now)
    session.add(made)
    session.flush()
    audit(session, by, "event.created", f"event:{made.id}", now=now, detail={"name": made.name})
    return made


def change(session: Session, event_id: int, said: Mapping[str, Any], *, by: str, now: datetime) -> Event:
    """Change what is said; the rest stays. Raises NotFound, Invalid."""
    event = existing(session, event_id)
    names = ("name", "starts_at", "ends_at", "timezone", "place", "link", "description", "capacity")
    for name, value in _read(said, {name: getattr(event, name) for name in names}).items():
        setattr(event, name, value)
    event.updated_at = now
    audit(session, by, "event.changed", f"event:{event.id}", now=now)
    return event


def call_off(session: Session, event_id: int, *, by: str, now: datetime) -> Event:
    """The event will not be; nobody is a no-show of it. Raises NotFound, Conflict once its list is closed."""
    event = existing(session, event_id)
    if event.closed_at is not None:
        raise Conflict(_("The event is over: its list is closed."))
    event.cancelled_at = event.cancelled_at or now
    audit(session, by, "event.called_off", f"event:{event.id}", now=now)
    return event


def existing(session: Session, event_id: int) -> Event:
    """The event, held until the transaction ends. Raises NotFound."""
    event = events.locked(session, event_id)
    if event is None:
        raise NotFound(_("There is no such event."))
    return event


def _read(said: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    values = {"place": "", "link": "", "description": "", "capacity": None, "ends_at": None, **known, **said}
    faults: dict[str, list[str]] = {}
    for name, longest in _LONGEST.items():
        values[name] = str(values.get(name) or "").strip()
        if len(values[name]) > longest:
            faults[name] = [_("This is too long.")]
    values["name"] = " ".join(values["name"].split())
    if not values["name"]:
        faults["name"] = [_("Name the event.")]
    faults |= {name: [sentence] for name, sentence in _faults_of_time(values)}
    if zone_named(values.get("timezone")) is None:
        faults["timezone"] = [_("Name a time zone, such as Europe/Berlin.")]
    if values["link"] and not host_of(values["link"]):
        faults["link"] = [_("A link begins with https://.")]
    seats = values["capacity"]
    if seats is not None and not 0 < seats <= _MOST_SEATS:
        faults["capacity"] = [_("A number of seats, or nothing.")]
    if faults:
        raise Invalid(_("The event cannot be kept."), faults)
    if values["ends_at"] is None:
        values["ends_at"] = values["starts_at"] + _LASTS
    return values


def _faults_of_time(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """At most one: what is wrong with the beginning is wrong with what counts from it."""
    begins, ends = values.get("starts_at"), values["ends_at"]
    if not begins:
        yield "starts_at", _("Say when it begins.")
    elif fault := fault_of_date(begins):
        yield "starts_at", fault
    elif ends is not None and ends < begins:
        yield "ends_at", _("It cannot end before it begins.")
    elif ends is not None and (fault := fault_of_date(ends)):
        yield "ends_at", fault
