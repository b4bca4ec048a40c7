"""Guests who came are asked by mail what they thought of the event, each with a signed link of their own."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.events import existing
from nurture.flows.queue_mail import keep_own_mail
from nurture.rules.tokens import KeyRing, mint, read
from nurture.rules.words import ENGLISH, nearest
from nurture.store import guests
from nurture.store.audit import audit
from nurture.store.events import Event

MAIL = "event_feedback"
PURPOSE = "event-feedback"
_BATCH = 500


def ask_guests(
    sessions: sessionmaker[Session], event_id: int, ring: KeyRing, base_url: str, *, by: str, now: datetime
) -> int:
    """Queue the mail to everybody who came, has an address and was not asked before; how many. Suppressed
    addresses are left out where mails go out. Raises NotFound."""
    asked = 0
    while True:
        with sessions.begin() as session:
            event = existing(session, event_id)
            found = guests.to_ask(session, event_id, limit=_BATCH)
            _queue(session, event, found, ring, base_url, now)
            asked += len(found)
            if len(found) < _BATCH:
                detail = {"guests": asked}
                audit(session, by, "event.feedback_asked", f"event:{event_id}", now=now, detail=detail)
                return asked


def link(ring: KeyRing, base_url: str, event_id: int, lead_id: int) -> str:
    """Where a guest tells what they thought."""
    return f"{base_url}/e/{mint(ring, PURPOSE, event_id, lead_id)}"


def guest_of(ring: KeyRing, token: str) -> tuple[int, ...] | None:
    """(event, lead) of a genuine link."""
    return read(ring, PURPOSE, token, 2)


def _queue(
    session: Session,
    event: Event,
    found: Sequence[guests.ToAsk],
    ring: KeyRing,
    base_url: str,
    now: datetime,
) -> None:
    by_language: dict[str, dict[int, tuple[str, dict[str, Any]]]] = defaultdict(dict)
    for one in found:
        address = link(ring, base_url, event.id, one.lead_id)
        stars = {f"rating_{n}_url": f"{address}?rating={n}" for n in range(1, 6)}
        params = {"event": event.name, "feedback_url": address, **stars}
        language = nearest(one.language) or ENGLISH
        by_language[language][one.lead_id] = (f"feedback:{event.id}:{one.lead_id}", params)
    for language, mails in sorted(by_language.items()):
        version_id = keep_own_mail(session, MAIL, [language], now=now)
        guests.ask(session, event.id, version_id, mails, now=now)
