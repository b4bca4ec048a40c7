"""Guests of events: on the list, there, not there, and what they thought of it. Each of it is a signal."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.events import existing
from nurture.flows.leads import save_lead
from nurture.flows.take_back import take_back
from nurture.rules.touches import TAKEN_BACK
from nurture.rules.words import _, ngettext
from nurture.store import guests, lead_aliases, signals
from nurture.store.audit import audit
from nurture.store.events import Event
from nurture.store.guests import Changed
from nurture.store.signals import NewSignal

SOURCE = "event"
LONGEST_WORDS = 2_000
KINDS = {
    "registered": "event_registered",
    "attended": "event_attended",
    "no_show": "event_no_show",
}
# So long a phone may be without network after the event.
_NOTED = timedelta(days=3)
_ON_LIST = ("registered", "attended", "no_show")


def register(
    session: Session,
    event_id: int,
    lead_ids: Collection[int],
    *,
    by: str,
    now: datetime,
    source: str = "page",
    beyond: bool = False,
) -> list[int]:
    """Put leads on the list of an event, in the caller's transaction; those who were not on it yet. Raises
    NotFound, Conflict when it is called off or full (`beyond`: full is no reason)."""
    event = _open(session, event_id)
    known = lead_aliases.meant(session, sorted(lead_ids))
    if set(lead_ids) - set(known):
        raise NotFound(_("There is no such lead."))
    lead_ids = sorted(set(known.values()))
    new = guests.register(session, event.id, lead_ids, source=source, now=now)
    if event.capacity is not None and not beyond:
        seats = guests.counts(session, [event.id])[event.id]
        if new and sum(seats[state] for state in _ON_LIST) > event.capacity:
            full = ngettext(
                "The event is full: it has %(n)s seat.",
                "The event is full: it has %(n)s seats.",
                event.capacity,
            )
            raise Conflict(full % {"n": event.capacity})
    _tell(session, event, "registered", new, now)
    if new:
        audit(session, by, "event.registered", f"event:{event.id}", now=now, detail={"leads": len(new)})
    return [one.lead_id for one in new]


def register_person(
    session: Session,
    event_id: int,
    answers: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    pepper: bytes,
    base_url: str,
    source: str = "page",
    beyond: bool = False,
) -> int:
    """Put a person on the list by what is said of them (the names of the API); a lead is made or brought up
    to date. Raises what save_lead and register do."""
    event = existing(session, event_id)
    told = {"source": event.name, **answers}
    saved = save_lead(session, told, now=now, by=by, pepper=pepper, base_url=base_url, source_kind=SOURCE)
    register(session, event_id, [saved.id], by=by, now=now, source=source, beyond=beyond)
    return saved.id


def check_in(
    session: Session, event_id: int, lead_id: int, *, by: str, now: datetime, at: datetime | None = None
) -> bool:
    """Somebody is there; whoever was not on the list is put on it. False when they were there already. `at`
    is when it was noted without network: within the last days, else it is now."""
    came_at = at if at is not None and now - _NOTED <= at <= now else now
    event = _open(session, event_id)
    if guests.one(session, event.id, lead_id) is None or _state(session, event.id, lead_id) == "cancelled":
        register(session, event.id, [lead_id], by=by, now=now, source="door", beyond=True)
    _take_back(session, event, "no_show", _rounds(session, event.id, [lead_id]), by, now)
    came = guests.move(session, event.id, [lead_id], ["registered", "no_show"], "attended", now=came_at)
    _tell(session, event, "attended", came, came_at)
    if came:
        audit(session, by, "event.checked_in", f"event:{event.id}", now=now, detail={"lead": lead_id})
    return bool(came)


def undo_check_in(session: Session, event_id: int, lead_id: int, *, by: str, now: datetime) -> bool:
    """They were not there after all: what was told of it is taken back."""
    event = existing(session, event_id)
    rounds = _rounds(session, event.id, [lead_id])
    back = "no_show" if event.closed_at is not None else "registered"
    undone = guests.move(session, event.id, [lead_id], ["attended"], back, now=now)
    if undone:
        _take_back(session, event, "attended", rounds, by, now)
        if back == "no_show":
            _tell(session, event, back, undone, now)
        audit(session, by, "event.check_in_undone", f"event:{event.id}", now=now, detail={"lead": lead_id})
    return bool(undone)


def strike(session: Session, event_id: int, lead_id: int, *, by: str, now: datetime) -> bool:
    """Take somebody off the list: they have said that they will not come."""
    event = existing(session, event_id)
    rounds = _rounds(session, event.id, [lead_id])
    struck = guests.move(session, event.id, [lead_id], _ON_LIST, "cancelled", now=now)
    if struck:
        for state in KINDS:
            _take_back(session, event, state, rounds, by, now)
        audit(session, by, "event.struck", f"event:{event.id}", now=now, detail={"lead": lead_id})
    return bool(struck)


def close(session: Session, event_id: int, *, by: str, now: datetime) -> int:
    """The event is over: whoever is on the list and was not there is a no-show; how many. Raises Conflict
    before it begins, or when it was called off."""
    event = _open(session, event_id)
    if now < event.starts_at:
        raise Conflict(_("The event has not begun yet."))
    missing = guests.move(session, event.id, None, ["registered"], "no_show", now=now)
    _tell(session, event, "no_show", missing, now)
    event.closed_at = event.closed_at or now
    audit(session, by, "event.closed", f"event:{event.id}", now=now, detail={"no_show": len(missing)})
    return len(missing)


def reopen(session: Session, event_id: int, *, by: str, now: datetime) -> int:
    """The list was closed too soon: nobody is a no-show of it; how many were."""
    event = existing(session, event_id)
    if event.closed_at is None:
        return 0
    back = guests.move(session, event.id, None, ["no_show"], "registered", now=now)
    _take_back(session, event, "no_show", {one.lead_id: one.round - 1 for one in back}, by, now)
    event.closed_at = None
    audit(session, by, "event.reopened", f"event:{event.id}", now=now)
    return len(back)


def give_feedback(
    session: Session,
    event_id: int,
    lead_id: int,
    rating: int,
    words: str,
    *,
    now: datetime,
    by: str = "guest",
) -> None:
    """What a guest thought of it, 1 to 5; said again it stands in the place of what was said before. Raises
    NotFound for who was not there, Invalid."""
    event = existing(session, event_id)
    words = words.strip()
    if not 1 <= rating <= 5:
        sentence = _("Choose one to five stars.")
        raise Invalid(sentence, {"rating": [sentence]})
    if len(words) > LONGEST_WORDS:
        sentence = _("This is too long.")
        raise Invalid(sentence, {"words": [sentence]})
    found = guests.one(session, event.id, lead_id)
    if found is None or found.state != "attended":
        raise NotFound(_("Only guests who came can tell how it was."))
    rounds = _rounds(session, event.id, [lead_id])
    new = guests.rate(session, event.id, lead_id, rating, words, now=now)
    if new is None:
        return
    if by != "guest":
        audit(session, by, "event.rated", f"event:{event.id}", now=now, detail={"lead": lead_id})
    _take_back(session, event, "feedback", rounds, by, now)
    data = {"rating": rating} | ({"text": words} if words else {})
    _add(session, event, "feedback", "feedback", [Changed(lead_id, new)], now, data)


def _open(session: Session, event_id: int) -> Event:
    event = existing(session, event_id)
    if event.cancelled_at is not None:
        raise Conflict(_("The event was called off."))
    return event


def _state(session: Session, event_id: int, lead_id: int) -> str:
    found = guests.one(session, event_id, lead_id)
    return found.state if found is not None else ""


def _rounds(session: Session, event_id: int, lead_ids: Sequence[int]) -> dict[int, int]:
    return guests.rounds(session, event_id, lead_ids)


def _tell(session: Session, event: Event, state: str, changed: Sequence[Changed], now: datetime) -> None:
    _add(session, event, state, KINDS[state], changed, now, {})


def _add(
    session: Session,
    event: Event,
    what: str,
    kind: str,
    changed: Sequence[Changed],
    now: datetime,
    data: Mapping[str, Any],
) -> None:
    rows = [
        NewSignal(
            lead_id=one.lead_id,
            kind=kind,
            occurred_at=now,
            source=SOURCE,
            key=_key(event.id, one.lead_id, what, one.round),
            data={"label": event.name, "event_id": event.id, **data},
        )
        for one in changed
    ]
    signals.add(session, rows, now=now)


def _take_back(
    session: Session, event: Event, what: str, rounds: Mapping[int, int], by: str, now: datetime
) -> None:
    """Take back what was told of these guests, in whatever round up to the given one."""
    keys = [_key(event.id, lead, what, no) for lead, last in rounds.items() for no in range(last + 1)]
    take_back(session, guests.told(session, keys), reason=TAKEN_BACK, by=by, now=now)


def _key(event_id: int, lead_id: int, what: str, round_no: int) -> str:
    return f"{event_id}:{lead_id}:{what}:{round_no}"
