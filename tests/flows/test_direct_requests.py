"""Whoever asks to be contacted is handed over at once: by a form, in a call, in answer to a mail."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.flows.hand_over import hand_over
from nurture.flows.rate import rate
from nurture.flows.touch import Touch, add_touch
from nurture.rules.tokens import KeyRing
from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, lead, make_lead, publish, send, strong_lead

Sessions = sessionmaker[Session]
RING = KeyRing((b"k" * 32,))


def asks(sessions: Sessions, lead_id: int, now: datetime = TUESDAY, **said: str) -> None:
    with sessions.begin() as session:
        add_touch(session, lead_id, Touch("request", **said), by="user:1", now=now)


def test_a_request_noted_by_hand_hands_a_cold_lead_over_at_once(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions, email="anna@example.com")
    asks(sessions, anna, note="Wants a price for two hundred seats.")
    rate(sessions, now=TUESDAY)
    [handoff] = all_of(sessions, Handoff)
    assert (handoff.lead_id, handoff.cause) == (anna, "direct_request")
    assert lead(sessions, anna).touches_in == 1


def test_a_request_comes_from_the_lead(sessions: Sessions) -> None:
    anna = make_lead(sessions)
    with pytest.raises(Invalid):
        asks(sessions, anna, direction="out")


def test_who_waits_for_a_place_and_asks_goes_before_all_and_beyond_the_capacity(sessions: Sessions) -> None:
    publish(sessions)
    with sessions.begin() as session:
        session.get_one(Installation, 1).handover_capacity_per_day = 0
    anna, boris = (strong_lead(sessions, fields={"interest": "stock"}) for _ in range(2))
    for lead_id in (anna, boris):
        for _ in range(2):
            send(sessions, lead_id, "replied", TUESDAY)
        for minute in range(3):
            send(sessions, lead_id, "clicked", TUESDAY - timedelta(minutes=minute))
    rate(sessions, now=TUESDAY)
    hand_over(sessions, RING, "https://nurture.example", now=TUESDAY)
    assert [one.state for one in all_of(sessions, Handoff)] == ["waiting", "waiting"]
    later = TUESDAY + timedelta(minutes=5)
    asks(sessions, boris, later)
    rate(sessions, now=later)
    hand_over(sessions, RING, "https://nurture.example", now=later)
    states = {one.lead_id: (one.cause, one.state) for one in all_of(sessions, Handoff)}
    assert states == {anna: ("threshold", "waiting"), boris: ("direct_request", "released")}
