import json
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from nurture.flows.ripen import ripen, withdraw
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.stages import StageChange
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, ripe, ripened

LATER = TUESDAY + timedelta(days=1)


def messages(db: Session, kind: str) -> list[dict]:
    found = db.scalars(select(WebhookMessage).where(WebhookMessage.type == kind).order_by(WebhookMessage.id))
    return [json.loads(message.body) for message in found]


def test_a_ripe_lead_gets_one_handoff_and_moves_to_sales_ready_with_its_reason(db: Session) -> None:
    ada, model = a_lead(db), a_model(db, rise=60)
    [handoff_id] = ripen(db, [ripe(ada, model)], now=TUESDAY)
    db.commit()

    handoff = db.get_one(Handoff, handoff_id)
    lead = db.get_one(Lead, ada, populate_existing=True)
    change = db.scalars(select(StageChange)).one()
    assert (handoff.state, handoff.ripening_no, handoff.rise, handoff.score) == ("waiting", 1, 60, 72)
    assert handoff.bant == {"budget": "yes"}
    assert (lead.stage, lead.armed, lead.ripening_no) == ("sales_ready", False, 1)
    assert (change.old, change.new, change.reason) == (
        "lead",
        "sales_ready",
        "readiness passed the threshold",
    )


def test_lead_ready_is_written_in_the_same_transaction(db: Session) -> None:
    ada, model = a_lead(db), a_model(db)
    ripen(db, [ripe(ada, model)], now=TUESDAY)
    db.rollback()
    assert messages(db, "lead.ready") == []

    handoff_id = ripened(db, ada, model)
    [message] = messages(db, "lead.ready")
    assert message["timestamp"] == "2026-03-03T10:00:00Z"
    assert message["data"]["handoff_id"] == handoff_id
    assert message["data"]["readiness"]["score"] == 72
    assert message["data"]["readiness"]["reasons"][0] == {"text": "clicked the price list", "points": 35.0}


def test_a_lead_that_is_not_armed_does_not_ripen_again(db: Session) -> None:
    ada, model = a_lead(db), a_model(db)
    ripened(db, ada, model)
    assert ripen(db, [ripe(ada, model)], now=LATER) == []
    assert ripen(db, [ripe(ada, model, cause="step")], now=LATER) == []


def test_armed_again_it_ripens_under_the_next_number(db: Session) -> None:
    ada, model = a_lead(db), a_model(db)
    ripened(db, ada, model)
    withdraw(db, [ada], "cooled", now=LATER)
    second = ripened(db, ada, model, now=LATER)
    assert db.get_one(Handoff, second).ripening_no == 2
    assert len(messages(db, "lead.ready")) == 2


def test_a_direct_request_of_a_waiting_lead_moves_it_to_the_front(db: Session) -> None:
    ada, model = a_lead(db), a_model(db)
    waiting = ripened(db, ada, model)
    assert ripen(db, [ripe(ada, model, cause="direct_request")], now=LATER) == []
    db.commit()
    handoff = db.get_one(Handoff, waiting, populate_existing=True)
    assert (handoff.priority, handoff.cause) == (True, "direct_request")


def test_a_direct_request_does_not_wait_for_the_lead_to_be_armed(db: Session) -> None:
    ada, model = a_lead(db, stage="customer"), a_model(db)
    db.get_one(Lead, ada).armed = False
    db.commit()
    assert ripen(db, [ripe(ada, model)], now=LATER) == []
    assert len(ripen(db, [ripe(ada, model, cause="direct_request")], now=LATER)) == 1


def test_a_lead_at_an_opportunity_and_an_erased_one_do_not_ripen(db: Session) -> None:
    model = a_model(db)
    busy, gone = a_lead(db, "Bo", stage="opportunity"), a_lead(db, "Cy")
    db.get_one(Lead, gone).erased_at = TUESDAY
    db.commit()
    assert ripen(db, [ripe(busy, model), ripe(gone, model)], now=TUESDAY) == []


def test_a_batch_of_leads_ripens_together(db: Session) -> None:
    model = a_model(db)
    leads = [a_lead(db, f"Lead{n}") for n in range(5)]
    made = ripen(db, [ripe(lead, model) for lead in leads], now=TUESDAY)
    assert len(made) == 5
    assert len(messages(db, "lead.ready")) == 5
    assert len(messages(db, "lead.stage_changed")) == 5


def test_a_waiting_handoff_of_a_cooled_lead_is_withdrawn_and_the_lead_armed(db: Session) -> None:
    ada, model = a_lead(db), a_model(db)
    handoff_id = ripened(db, ada, model)
    assert withdraw(db, [ada], "heat fell below 45", now=LATER) == 1
    db.commit()
    lead = db.get_one(Lead, ada, populate_existing=True)
    assert db.get_one(Handoff, handoff_id, populate_existing=True).state == "withdrawn"
    assert (lead.stage, lead.armed) == ("lead", True)
    assert messages(db, "handoff.revised") == []


def test_a_released_handoff_stays_and_is_revised_once(db: Session) -> None:
    ada, model = a_lead(db), a_model(db)
    handoff_id = ripened(db, ada, model)
    db.get_one(Handoff, handoff_id).state = "released"
    db.commit()
    assert withdraw(db, [ada], "the clicks were a scanner's", now=LATER) == 1
    assert withdraw(db, [ada], "the clicks were a scanner's", now=LATER) == 0
    db.commit()
    handoff = db.get_one(Handoff, handoff_id, populate_existing=True)
    assert (handoff.state, handoff.revised_at) == ("released", LATER)
    [message] = messages(db, "handoff.revised")
    assert message["data"]["reason"] == "the clicks were a scanner's"


def test_a_request_to_be_called_is_not_withdrawn_by_cooling(db: Session) -> None:
    ada, model = a_lead(db), a_model(db)
    handoff_id = ripened(db, ada, model, cause="direct_request")
    assert withdraw(db, [ada], "cooled", now=LATER) == 0
    assert db.get_one(Handoff, handoff_id).state == "waiting"
