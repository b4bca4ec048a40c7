"""One lead is saved, whatever door the answers come through."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.leads import SavedLead, save_lead
from nurture.store import consents
from nurture.store.leads import Lead
from nurture.store.users import User
from tests.conftest import TUESDAY

Sessions = sessionmaker[Session]


def save(sessions: Sessions, now=TUESDAY, **answers: Any) -> SavedLead:
    with sessions.begin() as session:
        return save_lead(session, answers, now=now, by="test", pepper=b"pepper", base_url="http://localhost")


def test_a_new_lead_has_a_stage_with_its_record_and_a_search_text(sessions: Sessions, db: Session):
    saved = save(
        sessions, email="anna@weber.example", first_name="Anna", company="Weber Pumps", source="Fair"
    )
    assert saved.created
    lead = db.get_one(Lead, saved.id)
    assert (lead.stage, lead.stage_since, lead.temperature) == ("lead", TUESDAY, "cold")
    assert lead.search == "anna anna@weber.example weber pumps"
    assert db.execute(text("SELECT old, new, by FROM stage_change")).one() == (None, "lead", "test")


def test_a_past_deal_stands_where_it_ended_and_nobody_new_stands_with_sales(sessions: Sessions, db: Session):
    saved = save(sessions, email="kim@weber.example", stage="customer")
    assert db.get_one(Lead, saved.id).stage == "customer"
    with pytest.raises(Invalid, match="when its deal has ended"):
        save(sessions, email="lee@weber.example", stage="opportunity")


def test_a_company_is_found_again_and_what_is_new_about_it_is_kept(sessions: Sessions, db: Session):
    save(sessions, email="a@weber.example", company="Weber Pumps")
    save(sessions, email="b@weber.example", company={"name": "WEBER pumps", "size": 120})
    assert db.execute(text("SELECT name, size FROM company")).all() == [("Weber Pumps", 120)]


def test_a_caller_known_by_phone_gets_an_address(sessions: Sessions):
    caller = save(sessions, phone="+49 30 1234567")
    assert save(sessions, phone="+49301234567", email="anna@weber.example") == SavedLead(
        caller.id, created=False
    )


def test_a_phone_of_somebody_with_another_address_is_not_taken_for_them(sessions: Sessions):
    save(sessions, email="anna@weber.example", phone="+49301234567")
    with pytest.raises(Conflict, match="another e-mail address"):
        save(sessions, email="bert@weber.example", phone="+49301234567")


def test_an_id_may_change_address_and_phone(sessions: Sessions, db: Session):
    anna = save(sessions, email="anna@weber.example")
    save(sessions, id=anna.id, email="Anna@new.example")
    assert db.get_one(Lead, anna.id).email_norm == "anna@new.example"
    with pytest.raises(NotFound):
        save(sessions, id=999, email="x@y.example")


def test_somebody_without_any_contact_is_nobody(sessions: Sessions):
    with pytest.raises(Invalid):
        save(sessions, first_name="Anna")


def test_an_owner_is_a_user_and_nobody_else(sessions: Sessions, db: Session):
    with sessions.begin() as session:
        session.add(User(email="ada@sales.example", role="sales", password_hash="x", created_at=TUESDAY))
    saved = save(sessions, email="anna@weber.example", owner="Ada@sales.example")
    assert db.get_one(Lead, saved.id).owner_id
    with pytest.raises(Invalid, match="no user"):
        save(sessions, email="anna@weber.example", owner="who@sales.example")


def test_an_answer_said_again_keeps_its_date(sessions: Sessions, db: Session):
    saved = save(sessions, email="anna@weber.example", bant={"need": "partly"})
    later = TUESDAY + timedelta(days=3)
    save(sessions, now=later, id=saved.id, bant={"need": "partly", "budget": "yes"})
    bant = db.get_one(Lead, saved.id).bant
    assert bant["need"] == {"answer": "partly", "source": "api", "at": "2026-03-03T10:00:00Z"}
    assert bant["budget"]["at"] == "2026-03-06T10:00:00Z"


def test_an_answer_that_contradicts_another_keeps_it_beside_it(sessions: Sessions, db: Session) -> None:
    saved = save(sessions, email="anna@weber.example", bant={"budget": "yes"})
    save(sessions, now=TUESDAY + timedelta(days=3), id=saved.id, bant={"budget": "no"})
    budget = db.get_one(Lead, saved.id).bant["budget"]
    assert (budget["answer"], budget["at"]) == ("no", "2026-03-06T10:00:00Z")
    assert budget["before"] == {"answer": "yes", "source": "api", "at": "2026-03-03T10:00:00Z"}


def test_consent_is_noted_once_and_withdrawn_with_a_signal(sessions: Sessions, db: Session):
    saved = save(sessions, email="anna@weber.example", consent={"marketing": True, "proof": {"form": 12}})
    save(sessions, id=saved.id, consent={"marketing": True})
    save(sessions, id=saved.id, consent={"marketing": False})
    ledger = db.execute(text("SELECT state, channel, proof FROM consent ORDER BY id")).all()
    assert [entry.state for entry in ledger] == ["granted", "withdrawn"]
    assert ledger[0].proof == {"by": "test", "proof": {"form": 12}}
    assert db.execute(text("SELECT kind FROM signal")).scalars().all() == ["unsubscribed"]


def test_a_program_that_tells_every_night_what_it_once_heard_brings_nobody_back(
    sessions: Sessions, db: Session
):
    yes = {"marketing": True}
    anna = save(sessions, email="anna@weber.example", consent=yes)
    save(sessions, id=anna.id, consent={"marketing": False})
    save(sessions, id=anna.id, consent=yes)
    assert consents.standing(db, anna.id) == {"marketing": "withdrawn"}
    db.rollback()
    save(sessions, id=anna.id, consent=yes | {"proof": "said so at the fair"})
    assert consents.standing(db, anna.id) == {"marketing": "granted"}


def test_the_same_person_saved_by_many_at_once_is_one_lead(sessions: Sessions, db: Session):
    with ThreadPoolExecutor(6) as pool:
        saved = list(pool.map(lambda n: save(sessions, email="anna@weber.example", tags=[str(n)]), range(12)))
    assert len({one.id for one in saved}) == 1
    assert sum(one.created for one in saved) == 1
    assert db.query(Lead).count() == 1
