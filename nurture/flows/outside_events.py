"""What people do, as other programs report it by track and page (the Segment specification)."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows.hold_calls import SOURCE, hold_signal
from nurture.flows.outside_people import Told, address_said, lead_of
from nurture.flows.take_visits import take_visits
from nurture.rules.happened import fault_of
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.outside_events import VISITED, kind_of
from nurture.rules.visits import reported
from nurture.rules.words import _
from nurture.store import signals, websites
from nurture.store.signals import NewSignal


def track(session: Session, said: Mapping[str, Any], *, pepper: bytes, now: datetime) -> Told:
    """Take in an activity {event, properties?, messageId?, timestamp?}. The same messageId is the same
    activity. That of a userId or anonymousId whom nobody knows yet is kept, and is the lead's when it is
    identified. Raises NotFound for somebody who was erased, Invalid for an event without a name."""
    event = str(said["event"])
    kind = kind_of(event)
    if kind is None:
        raise Invalid(_("The event has no name."), {"event": [_("A name begins with a letter.")]})
    data = {"event": event} | dict(said.get("properties") or {})
    return _take(session, said, kind, data, pepper, now)


def page(session: Session, said: Mapping[str, Any], *, pepper: bytes, now: datetime) -> Told:
    """Take in a visit {name?, properties?: {url, title, …}}. Raises NotFound as track does."""
    name = {"name": said["name"]} if said.get("name") else {}
    return _take(session, said, VISITED, name | dict(said.get("properties") or {}), pepper, now)


def _take(
    session: Session, said: Mapping[str, Any], kind: str, data: dict[str, Any], pepper: bytes, now: datetime
) -> Told:
    at = said.get("timestamp") or now
    if fault := fault_of(at, now):
        raise Invalid(fault, {"timestamp": [fault]})
    lead_id = lead_of(session, said)
    if lead_id is None and said.get("userId"):
        address = address_said(said)
        hold_signal(session, said, kind, data, min(at, now), address=address, pepper=pepper, now=now)
        return Told(None)
    if lead_id is None:
        return _keep_anonymous(session, said, kind, data, min(at, now), now)
    view = _view(said)
    if view is not None and websites.told_before(session, view, lead_id):  # without a name
        return Told(lead_id)
    row = NewSignal(lead_id, kind, min(at, now), SOURCE, key=said.get("messageId"), data=data)
    added = signals.add(session, [row], now=now)
    return Told(lead_id, added[0] if added else None)


def _keep_anonymous(
    session: Session, said: Mapping[str, Any], kind: str, data: Mapping[str, Any], at: datetime, now: datetime
) -> Told:
    """What somebody did before we know who it is: a visit of the visitor of that name."""
    visitor = said.get("anonymousId")
    number = uuid7(millis_of(at), os.urandom(NOISE_BYTES))
    ua = str((said.get("context") or {}).get("userAgent") or "")
    take_visits(session, [reported(number, _view(said), visitor, kind, data, ua)], now=now)
    return Told(None)


def _view(said: Mapping[str, Any]) -> UUID | None:
    """The name of a message among visits: the same messageId is the same one, whoever it names by then."""
    message = said.get("messageId")
    return uuid5(NAMESPACE_URL, f"{SOURCE}:{message}") if message else None
