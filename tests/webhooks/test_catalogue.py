"""Each type of message has a schema, an example that fits it, and fits what is really written."""

import json
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator as Checker
from sqlalchemy import select

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.leads import erase_lead, save_lead
from nurture.flows.ripen import withdraw
from nurture.flows.unsubscribe import unsubscribe
from nurture.flows.watch_response import watch_response
from nurture.rules.messages import TYPES
from nurture.rules.tokens import KeyRing
from nurture.store.webhooks import WebhookMessage
from nurture.webhooks import catalogue
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, a_seller, an_endpoint, ripened
from tests.flows.sales_team import the_team

RING = KeyRing((b"k" * 32,))
BASE = "https://nurture.example"


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_has_words_and_an_example_that_fits_its_schema(kind: str) -> None:
    told = catalogue.described(kind)
    assert told["when"].endswith(".")
    Checker(told["schema"]).validate(told["example"])


def test_a_schema_refuses_a_body_with_a_part_missing() -> None:
    broken = catalogue.example("lead.hot")
    del broken["data"]["readiness"]["score"]
    assert not Checker(catalogue.schema("lead.hot")).is_valid(broken)


def test_what_is_really_written_fits(db, sessions, tmp_path) -> None:
    """The life of a few leads, with a receiver that listens to everything."""
    an_endpoint(db, "https://crm.example/in", "sealed")
    the_team(db, opens=0, closes=1440)
    a_seller(db, "Mia")
    model, later = a_model(db), TUESDAY.replace(hour=11)
    with sessions.begin() as session:
        made = save_lead(
            session,
            {"email": "ada@new.example", "consent": {"marketing": True}},
            now=TUESDAY,
            by="test",
            pepper=b"pepper",
            base_url=BASE,
        )
        unsubscribe(session, made.id, "marketing", how="api", proof={}, now=TUESDAY)
        erase_lead(session, made.id, pepper=b"p" * 32, home=tmp_path, now=TUESDAY, by="test")
    first, _second = (ripened(db, a_lead(db, name), model) for name in ("Bo", "Cy"))
    hand_over(sessions, RING, BASE, now=TUESDAY)
    watch_response(sessions, RING, BASE, now=later)
    for outcome in (Outcome("accepted"), Outcome("won", amount=Decimal(4800), currency="EUR")):
        with sessions.begin() as session:
            answer(session, first, outcome, by="user:1", now=later)
    with sessions.begin() as session:
        lead_id = session.scalar(select(WebhookMessage.lead_id).where(WebhookMessage.type == "lead.hot"))
        withdraw(session, [lead_id + 1], "cooled", now=later)
    db.rollback()
    seen = set()
    for message in db.scalars(select(WebhookMessage)):
        seen.add(message.type)
        Checker(catalogue.schema(message.type)).validate(json.loads(message.body))
    assert seen >= {
        "lead.created",
        "lead.unsubscribed",
        "lead.erased",
        "lead.ready",
        "lead.hot",
        "lead.handed_over",
        "lead.stage_changed",
        "handoff.overdue",
        "handoff.outcome",
        "handoff.revised",
    }
