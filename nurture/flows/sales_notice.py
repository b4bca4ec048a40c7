"""Notices to sales by mail: a ripe lead, a clock that runs out, a silence that is asked about.

They serve a company without a CRM as well as one whose people read mail first. The buttons in them lead
to the signed answer page: looking at it changes nothing, only sending its form does.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from sqlalchemy.orm import Session

from nurture.flows.hot_message import Links
from nurture.flows.queue_mail import keep_own_mail
from nurture.rules.response import OVERDUE
from nurture.rules.timing import zone_for
from nurture.rules.words import ENGLISH, retold, speaking, spoken
from nurture.store import notices
from nurture.store.handoffs import Handoff
from nurture.store.notices import Notice, Subject, Told

RELEASED, PASSED_ON = "released", "passed_on"
_REASONS = 3


def tell(
    session: Session, handoff: Handoff, kind: str, links: Links, *, event_id: int, now: datetime
) -> None:
    """Tell whom it concerns that `kind` (a record of the hand-off) has happened: the owner, and of what is
    overdue also those above. Once for each record and person."""
    session.flush()
    people = notices.owners(session, [handoff.id])
    if kind == OVERDUE:
        people += notices.superiors(session, [handoff.id])
    _queue(session, kind, people, links, f"event:{event_id}", now)


def tell_released(session: Session, handoff_ids: Sequence[int], links: Links, *, now: datetime) -> None:
    """Tell each new owner of the lead that has just become theirs, in a fixed number of statements."""
    _queue(session, RELEASED, notices.owners(session, handoff_ids), links, RELEASED, now)


def _queue(
    session: Session, kind: str, people: Sequence[Told], links: Links, dedup: str, now: datetime
) -> None:
    subjects = notices.subjects(session, [one.handoff_id for one in people]) if people else {}
    for language in sorted({one.language or ENGLISH for one in people}):
        told = [
            _notice(one, subjects[one.handoff_id], links, dedup)
            for one in people
            if one.handoff_id in subjects and (one.language or ENGLISH) == language
        ]
        if told:
            version_id = keep_own_mail(session, f"sales_{kind}", [language], now=now)
            notices.queue(session, version_id, told, now=now)


def _notice(person: Told, about: Subject, links: Links, dedup: str) -> Notice:
    with speaking(person.language):
        params = _params(person, about, links)
    return Notice(f"notice:{person.handoff_id}:{dedup}:{person.email}", person.email, params)


def _params(person: Told, about: Subject, links: Links) -> dict[str, Any]:
    zone = zone_for(about.timezone, "UTC")
    due = about.due_at.astimezone(zone) if about.due_at else None
    return {
        "lead_id": about.lead_id,
        "colleague": person.name,
        "lead": about.name,
        "who": ", ".join(part for part in (about.role, about.company) if part),
        "phone": about.phone or "",
        "score": round(about.score),
        "reasons": [retold(str(reason["text"])) for reason in about.reasons[:_REASONS]],
        "due": format_datetime(due, "d MMM, HH:mm", locale=spoken()) if due else "",
        "card_url": links.inbox(about.handoff_id),
        "answer_url": links.answer(about.handoff_id),
    }
