"""A company buys, not a person: whoever is handed over comes with everybody we know there."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.hand_over import hand_over
from nurture.rules.tokens import KeyRing
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.views import inbox
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, a_seller, ripened
from tests.flows.sales_team import with_room

RING = KeyRing((b"k" * 32,))
AT = "Example Works"


@pytest.fixture
def release(sessions: sessionmaker[Session]):
    return lambda: hand_over(sessions, RING, "https://nurture.example", now=TUESDAY)


def told(db: Session) -> dict[int, dict[int, dict]]:
    """By the lead of each `lead.hot`: who its message tells of at the company."""
    db.rollback()
    bodies = db.scalars(select(WebhookMessage.body).where(WebhookMessage.type == "lead.hot"))
    known = [json.loads(one)["data"] for one in bodies]
    return {one["lead"]["id"]: {person["id"]: person for person in one["buying_centre"]} for one in known}


def holders(db: Session) -> dict[int, int | None]:
    db.rollback()
    return {row.lead_id: row.owner_id for row in db.scalars(select(Handoff))}


def test_everybody_at_the_company_comes_along_but_who_has_left_or_was_erased(db: Session, release) -> None:
    model, ada, bo = a_model(db), a_lead(db, works_at=AT), a_lead(db, "Bo", works_at=AT)
    gone, moved = a_lead(db, "Cy", works_at=AT), a_lead(db, "Di", works_at="Elsewhere")
    db.get_one(Lead, bo).buying_role, db.get_one(Lead, bo).grade_override = "decision_maker", "C"
    db.get_one(Lead, gone).erased_at = TUESDAY
    db.commit()
    ripened(db, ada, model)
    release()
    [centre] = told(db).values()
    assert list(centre) == [ada, bo] and moved not in centre
    assert centre[bo] == {
        "id": bo,
        "url": f"https://nurture.example/leads/{bo}",
        "name": "Bo Example",
        "email": "bo@example.com",
        "phone": None,
        "role": "Head of purchasing",
        "buying_role": "decision_maker",
        "temperature": "hot",
        "grade": "C",
        "stage": "lead",
        "last_touch": None,
    }


def test_two_of_one_company_who_ripen_together_go_to_one_voice(db: Session, release) -> None:
    mia, _ben, model = a_seller(db, "Mia"), a_seller(db, "Ben"), a_model(db)
    ada, bo = a_lead(db, works_at=AT), a_lead(db, "Bo", works_at=AT)
    for lead_id in (ada, bo):
        ripened(db, lead_id, model)
    release()
    assert holders(db) == {ada: mia, bo: mia}
    assert told(db)[ada][bo]["stage"] == "sales_ready", "each message says that sales has the other, too"
    with_her = inbox.buying_centre(db, db.get_one(Lead, ada).company_id, ada)
    assert [(one.id, one.with_sales, one.held_by) for one in with_her] == [(bo, True, "Mia")]
    cy = a_lead(db, "Cy", works_at=AT)
    ripened(db, cy, model)
    release()
    assert holders(db)[cy] == mia, "who ripens later finds the same voice"


def test_a_full_voice_lets_a_colleague_speak(db: Session, release) -> None:
    mia, ben, model = a_seller(db, "Mia"), a_seller(db, "Ben"), a_model(db)
    with_room(db, mia, open_most=1)
    ada, bo = a_lead(db, works_at=AT), a_lead(db, "Bo", works_at=AT)
    ripened(db, ada, model, score=90)
    ripened(db, bo, model, score=80)
    release()
    assert holders(db) == {ada: mia, bo: ben}
