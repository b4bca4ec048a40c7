"""People and their activities as other programs report them by identify, track and page (the Segment
specification)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.flows.leads import save_lead
from nurture.flows.take_visits import join_visitor, take_visits
from nurture.rules.addresses import normalise
from nurture.rules.happened import fault_of
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.outside_events import VISITED, answers_of, kind_of
from nurture.rules.visits import reported
from nurture.rules.words import _
from nurture.store import identities, leads, signals, websites
from nurture.store.signals import NewSignal

SOURCE = "segment"


@dataclass(frozen=True, slots=True)
class Told:
    """Whom a message was about (None: a visitor whom nobody knows yet), and the signal that it became (None:
    known before, or not one)."""

    lead_id: int | None
    signal_id: UUID | None = None


def identify(
    session: Session, said: Mapping[str, Any], *, now: datetime, by: str, pepper: bytes, base_url: str
) -> Told:
    """Make or update the lead by {userId?, anonymousId?, traits}, in the caller's transaction, and know it by
    those names from now on. Raises what save_lead does."""
    answers = answers_of(said.get("traits") or {})
    names = _names(said)
    if "email" not in answers and "@" in names.get("user_id", ""):
        answers["email"] = names["user_id"]
    known = identities.find(session, {kind: value for kind, value in names.items() if kind == "user_id"})
    if known is None and "email" not in answers and "phone" not in answers:
        known = identities.find(session, names)
    if known is not None:
        answers["id"] = known
    saved = save_lead(session, answers, now=now, by=by, pepper=pepper, base_url=base_url)
    identities.keep(session, saved.id, names, now=now)
    if "anonymous_id" in names:  # the id of our own script, where a site passes it on
        join_visitor(session, names["anonymous_id"], saved.id, now=now)
    return Told(saved.id)


def track(session: Session, said: Mapping[str, Any], *, now: datetime) -> Told:
    """Take in an activity {event, properties?, messageId?, timestamp?}. The same messageId is the same
    activity. That of an anonymousId whom nobody knows yet is kept, and is the lead's when it is identified.
    Raises NotFound for a userId that was never identified, Invalid for an event without a name."""
    event = str(said["event"])
    kind = kind_of(event)
    if kind is None:
        raise Invalid(_("The event has no name."), {"event": [_("A name begins with a letter.")]})
    return _take(session, said, kind, {"event": event} | dict(said.get("properties") or {}), now)


def page(session: Session, said: Mapping[str, Any], *, now: datetime) -> Told:
    """Take in a visit {name?, properties?: {url, title, …}}. Raises NotFound as track does."""
    name = {"name": said["name"]} if said.get("name") else {}
    return _take(session, said, VISITED, name | dict(said.get("properties") or {}), now)


def _take(session: Session, said: Mapping[str, Any], kind: str, data: dict[str, Any], now: datetime) -> Told:
    at = said.get("timestamp") or now
    if fault := fault_of(at, now):
        raise Invalid(fault, {"timestamp": [fault]})
    lead_id = _lead(session, said)
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
    if not visitor or said.get("userId"):
        raise NotFound(_("Nobody of this name was identified yet."))
    number = uuid7(millis_of(at), os.urandom(NOISE_BYTES))
    ua = str((said.get("context") or {}).get("userAgent") or "")
    take_visits(session, [reported(number, _view(said), visitor, kind, data, ua)], now=now)
    return Told(None)


def _view(said: Mapping[str, Any]) -> UUID | None:
    """The name of a message among visits: the same messageId is the same one, whoever it names by then."""
    message = said.get("messageId")
    return uuid5(NAMESPACE_URL, f"{SOURCE}:{message}") if message else None


def _lead(session: Session, said: Mapping[str, Any]) -> int | None:
    """Whom a message is about. A userId says who acts: one that was never identified may sit at the browser
    of somebody we know, or speak of their address, and is not that person."""
    names = _names(said)
    user_id = names.get("user_id")
    known = identities.find(session, {"user_id": user_id} if user_id else names)
    if known is not None:
        return known
    traits = (said.get("context") or {}).get("traits") or {}
    spoken_of = None if user_id else (said.get("properties") or {}).get("email")
    claims = (traits.get("email"), spoken_of, user_id)
    norms = [normalise(one) for one in claims if isinstance(one, str) and "@" in one]
    found = leads.by_emails(session, norms)
    for norm in norms:
        if norm in found:
            return found[norm]
    return None


def _names(said: Mapping[str, Any]) -> dict[str, str]:
    given = {"user_id": said.get("userId"), "anonymous_id": said.get("anonymousId")}
    return {kind: value for kind, value in given.items() if value}
