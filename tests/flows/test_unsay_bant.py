"""Four yeses hand a lead over; one taken back before sales took the lead on takes the hand-off back."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.leads import save_lead
from nurture.rules.tokens import KeyRing
from nurture.store.handoffs import Handoff, events_of
from nurture.store.installation import Installation
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, lead, make_lead, publish, rate_all, send, strong_lead

Sessions = sessionmaker[Session]
YES = dict.fromkeys(("budget", "authority", "need", "timing"), "yes")


@pytest.fixture
def anna(sessions: Sessions) -> int:
    """Cold, and all four are a yes: her hand-off waits."""
    publish(sessions)
    return says(sessions, make_lead(sessions, email="anna@example.com", email_norm="anna@example.com"), **YES)


def says(sessions: Sessions, lead_id: int, now: datetime = TUESDAY, **bant: str) -> int:
    with sessions.begin() as session:
        said = {"id": lead_id, "bant": bant}
        save_lead(session, said, now=now, by="user:1", pepper=b"p" * 32, base_url="https://nurture.example")
    return lead_id


def release(sessions: Sessions) -> None:
    hand_over(sessions, KeyRing((b"k" * 32,)), "https://nurture.example", now=TUESDAY)


def revised(sessions: Sessions) -> list[dict[str, object]]:
    with sessions() as session:
        found = session.scalars(select(WebhookMessage).where(WebhookMessage.type == "handoff.revised"))
        return [json.loads(one.body)["data"] for one in found]


def test_a_handoff_that_waits_is_withdrawn_and_the_next_yes_makes_another(
    sessions: Sessions, anna: int
) -> None:
    [handoff] = all_of(sessions, Handoff)
    assert (handoff.state, handoff.cause) == ("waiting", "bant")
    says(sessions, anna, TUESDAY + timedelta(hours=1), budget="no")
    [handoff] = all_of(sessions, Handoff)
    assert handoff.state == "withdrawn"
    assert (lead(sessions, anna).stage, lead(sessions, anna).armed) == ("lead", True)
    assert revised(sessions) == [], "sales has never heard of her"

    says(sessions, anna, TUESDAY + timedelta(days=1), budget="yes")
    assert [one.state for one in all_of(sessions, Handoff)] == ["withdrawn", "waiting"]


def test_sales_is_told_once_when_it_has_the_lead_and_keeps_it(sessions: Sessions, anna: int) -> None:
    release(sessions)
    says(sessions, anna, timing="partly")
    says(sessions, anna, budget="unknown")
    [handoff] = all_of(sessions, Handoff)
    assert (handoff.state, handoff.revised_at) == ("released", TUESDAY)
    assert lead(sessions, anna).stage == "sales_ready"
    [told] = revised(sessions)
    assert (told["handoff_id"], told["lead"]) == (handoff.id, {"id": anna})
    assert "taken back" in str(told["reason"])
    with sessions() as session:
        assert [one.kind for one in events_of(session, handoff.id)][-1] == "revised"


def test_what_sales_has_accepted_stands(sessions: Sessions, anna: int) -> None:
    release(sessions)
    [handoff] = all_of(sessions, Handoff)
    with sessions.begin() as session:
        answer(session, handoff.id, Outcome("accepted"), by="user:1", now=TUESDAY)
    says(sessions, anna, budget="no")
    [handoff] = all_of(sessions, Handoff)
    assert (handoff.state, handoff.revised_at) == ("accepted", None)
    assert revised(sessions) == []


def test_who_is_ripe_all_the_same_waits_on_behind_the_urgent(sessions: Sessions) -> None:
    publish(sessions)
    with sessions.begin() as session:
        session.get_one(Installation, 1).handover_capacity_per_day = 0
    boris = says(sessions, strong_lead(sessions), **YES)
    for _signal in range(3):
        send(sessions, boris, "replied", TUESDAY)
    rate_all(sessions, TUESDAY)
    says(sessions, boris, authority="partly")
    [handoff] = all_of(sessions, Handoff)
    assert lead(sessions, boris).readiness >= 60
    assert (handoff.state, handoff.cause, handoff.priority) == ("waiting", "threshold", False)


def test_another_change_of_the_lead_takes_nothing_back(sessions: Sessions, anna: int) -> None:
    with sessions.begin() as session:
        said = {"id": anna, "city": "Hamburg"}
        save_lead(
            session, said, now=TUESDAY, by="user:1", pepper=b"p" * 32, base_url="https://nurture.example"
        )
    [handoff] = all_of(sessions, Handoff)
    assert handoff.state == "waiting"
