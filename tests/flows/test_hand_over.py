import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.hand_over import hand_over
from nurture.rules.tokens import KeyRing, read
from nurture.store import signals
from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal
from nurture.store.users import User
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import REASONS, a_lead, a_model, a_seller, ripened

RING = KeyRing((b"k" * 32,))
BASE = "https://nurture.example"


@pytest.fixture
def release(sessions: sessionmaker[Session]):
    return lambda now=TUESDAY: hand_over(sessions, RING, BASE, now=now)


def hot_messages(db: Session) -> list[dict]:
    db.rollback()
    found = db.scalars(
        select(WebhookMessage).where(WebhookMessage.type == "lead.hot").order_by(WebhookMessage.created_at)
    )
    return [json.loads(message.body)["data"] for message in found]


def state(db: Session, handoff_id: int) -> str:
    db.rollback()
    return db.get_one(Handoff, handoff_id, populate_existing=True).state


def capacity(db: Session, per_day: int, timezone: str = "UTC") -> None:
    installation = db.get_one(Installation, 1)
    installation.handover_capacity_per_day = per_day
    installation.timezone = timezone
    db.commit()


def test_lead_hot_tells_everything_sales_must_know(db: Session, release) -> None:
    ada, model, mia = a_lead(db), a_model(db), a_seller(db, "Mia")
    for n in range(12):
        at = TUESDAY - timedelta(hours=n + 1)
        signals.add(db, [NewSignal(ada, "clicked", at, "api", data={"n": n})], now=TUESDAY)
    handoff_id = ripened(db, ada, model)

    assert release() == 1
    [data] = hot_messages(db)
    assert data["handoff_id"] == handoff_id
    assert data["lead"] == {
        "id": ada,
        "email": "ada@example.com",
        "name": "Ada Example",
        "first_name": "Ada",
        "last_name": "Example",
        "phone": None,
        "company": "Example Works",
        "role": "Head of purchasing",
        "timezone": None,
        "language": None,
        "url": f"{BASE}/leads/{ada}",
    }
    assert (data["temperature"], data["heat"], data["grade"]) == ("hot", 61.5, "A")
    assert data["readiness"] == {"score": 72.0, "rise": 60.0, "reasons": REASONS}
    assert data["bant"] == {"budget": "yes", "authority": "unknown", "need": "unknown", "timing": "unknown"}
    assert data["owner"] == {"id": mia, "name": "Mia", "email": "mia@sales.example"}
    assert [signal["data"]["n"] for signal in data["recent_signals"]] == list(range(10))
    assert data["source"] is None
    token = data["answer_url"].removeprefix(f"{BASE}/answer/")
    assert read(RING, "answer", token, 1) == (handoff_id,)


def test_a_lead_that_waited_is_handed_over_with_the_heat_it_has_by_then(db: Session, release) -> None:
    ripened(db, a_lead(db), a_model(db))
    release(TUESDAY + timedelta(days=21))
    assert hot_messages(db)[0]["heat"] == 30.75


def test_signals_of_machines_are_not_shown_to_sales(db: Session, release) -> None:
    ada, model = a_lead(db), a_model(db)
    signals.add(db, [NewSignal(ada, "clicked", TUESDAY, "api")], now=TUESDAY)
    [scanned] = signals.add(db, [NewSignal(ada, "opened", TUESDAY, "api")], now=TUESDAY)
    db.execute(
        text("INSERT INTO signal_verdict VALUES (:id, :at, 'machine', 'sweep', 'rule')"),
        {"id": scanned, "at": TUESDAY},
    )
    ripened(db, ada, model)
    release()
    assert [signal["kind"] for signal in hot_messages(db)[0]["recent_signals"]] == ["clicked"]


def test_there_is_exactly_one_message_for_each_ripening(db: Session, release) -> None:
    ada, model = a_lead(db), a_model(db)
    handoff_id = ripened(db, ada, model)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: release(), range(16)))
    assert sum(done) == 1
    # Even a row put back by hand does not make a second message.
    db.rollback()
    db.get_one(Handoff, handoff_id).state = "waiting"
    db.commit()
    release()
    assert len(hot_messages(db)) == 1


def test_capacity_lets_out_the_ripest_first_and_keeps_the_others_for_tomorrow(db: Session, release) -> None:
    model = a_model(db)
    fair = ripened(db, a_lead(db, "Fair"), model, score=65)
    best = ripened(db, a_lead(db, "Best"), model, score=90)
    good = ripened(db, a_lead(db, "Good"), model, score=80)
    capacity(db, 2)

    assert release() == 2
    assert [state(db, one) for one in (best, good, fair)] == ["released", "released", "waiting"]
    assert release(TUESDAY + timedelta(hours=8)) == 0
    assert release(TUESDAY + timedelta(hours=15)) == 1
    assert state(db, fair) == "released"


def test_the_day_of_capacity_begins_at_the_companys_midnight(db: Session, release) -> None:
    model = a_model(db)
    capacity(db, 1, "America/New_York")
    ripened(db, a_lead(db, "One"), model, score=90)
    ripened(db, a_lead(db, "Two"), model, score=80)
    assert release(TUESDAY + timedelta(hours=12)) == 1
    assert release(TUESDAY + timedelta(hours=18, minutes=59)) == 0
    assert release(TUESDAY + timedelta(hours=19)) == 1


def test_four_yeses_are_first_in_line_and_a_direct_request_does_not_stand_in_it(db: Session, release) -> None:
    model = a_model(db)
    ripest = ripened(db, a_lead(db, "Ripest"), model, score=99)
    yeses = ripened(db, a_lead(db, "Yeses"), model, score=40, cause="bant")
    asked = ripened(db, a_lead(db, "Asked"), model, score=10, cause="direct_request")
    also = ripened(db, a_lead(db, "Also"), model, score=5, cause="direct_request")
    capacity(db, 3)
    assert release() == 3
    assert [state(db, one) for one in (asked, also, yeses, ripest)] == [*["released"] * 3, "waiting"]


def test_a_lead_that_cooled_before_its_release_is_withdrawn(db: Session, release) -> None:
    ada, model = a_lead(db), a_model(db)
    capacity(db, 0)
    handoff_id = ripened(db, ada, model)
    release()
    db.get_one(Lead, ada).armed = True
    db.commit()
    release()
    assert state(db, handoff_id) == "withdrawn"
    assert db.get_one(Lead, ada, populate_existing=True).stage == "lead"
    assert hot_messages(db) == []


def test_a_full_day_still_lets_out_who_asks_and_withdraws_who_cooled(db: Session, release) -> None:
    model = a_model(db)
    cooled, asks = a_lead(db, "Cooled"), a_lead(db, "Asks")
    capacity(db, 0)
    first = ripened(db, cooled, model)
    second = ripened(db, asks, model, score=1, cause="direct_request")
    third = ripened(db, a_lead(db, "Waits"), model)
    db.get_one(Lead, cooled).armed = True
    db.commit()
    assert [release(), release()] == [2, 0]
    assert [state(db, one) for one in (first, second, third)] == ["withdrawn", "released", "waiting"]


def test_an_erased_lead_is_not_handed_over_whatever_made_it_ripe(db: Session, release) -> None:
    ada, model = a_lead(db), a_model(db)
    handoff_id = ripened(db, ada, model, cause="direct_request")
    db.get_one(Lead, ada).erased_at = TUESDAY
    db.commit()
    assert [release(), release()] == [1, 0]
    assert state(db, handoff_id) == "withdrawn"
    assert hot_messages(db) == []


def test_the_leads_owner_takes_it_else_who_of_sales_holds_the_fewest(db: Session, release) -> None:
    model, mia, tom = a_model(db), a_seller(db, "Mia"), a_seller(db, "Tom")
    owned = ripened(db, a_lead(db, "Owned", owner=mia), model, score=90)
    others = [ripened(db, a_lead(db, f"Lead{n}"), model, score=80 - n) for n in range(3)]
    release()
    owners = {one.id: one.owner_id for one in db.scalars(select(Handoff))}
    assert owners[owned] == mia
    assert [owners[one] for one in others] == [tom, mia, tom]


def test_an_owner_who_left_is_replaced(db: Session, release) -> None:
    model, mia, tom = a_model(db), a_seller(db, "Mia"), a_seller(db, "Tom")
    db.get_one(User, mia).disabled_at = TUESDAY
    ada = a_lead(db, owner=mia)
    handoff_id = ripened(db, ada, model)
    release()
    assert db.get_one(Handoff, handoff_id, populate_existing=True).owner_id == tom
    assert db.get_one(Lead, ada, populate_existing=True).owner_id == tom


def test_without_a_sales_team_the_handoff_goes_out_without_an_owner(db: Session, release) -> None:
    ripened(db, a_lead(db), a_model(db))
    release()
    assert hot_messages(db)[0]["owner"] is None


def test_a_lead_being_changed_right_now_is_passed_over_until_the_next_turn(
    db: Session, sessions: sessionmaker[Session], release
) -> None:
    ada, model = a_lead(db), a_model(db)
    ripened(db, ada, model)
    with sessions() as other:
        other.execute(text("SELECT FROM lead WHERE id = :id FOR UPDATE"), {"id": ada})
        assert release() == 0
    assert release() == 1
