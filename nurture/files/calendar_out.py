"""One appointment as a file that every calendar takes in (RFC 5545)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event


@dataclass(frozen=True)
class Appointment:
    """A date with a lead. `uid` names it for good, so that a moved date replaces the old one; `sequence`
    rises with each move."""

    uid: str
    sequence: int
    starts: datetime
    title: str
    notes: str
    url: str
    lasts: timedelta = timedelta(hours=1)


def appointment(one: Appointment, *, now: datetime) -> bytes:
    """The bytes of an .ics file; instants in UTC."""
    event = Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", one.starts)
    event.add("dtend", one.starts + one.lasts)
    event.add("summary", one.title)
    event.add("description", one.notes)
    event.add("url", one.url)
    calendar = Calendar()
    calendar.add("prodid", "-//Nurture//Sales inbox//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
