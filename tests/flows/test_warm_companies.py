"""What contacts do warms their company, silence cools it, and conditions may ask for it."""

import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.flows.leads import erase_lead, save_lead
from nurture.flows.membership import update_dirty
from nurture.flows.rate import rate
from nurture.flows.warm_companies import warm_companies
from nurture.rules.heat import log2_value
from nurture.store.companies import Company
from nurture.store.segments import Segment
from tests.conftest import TUESDAY
from tests.flows.rated_leads import make_lead, publish, send
from tests.rules.models import contract_model

HALF_LIFE = contract_model().half_life_s


@pytest.fixture
def weber(sessions: sessionmaker[Session]) -> int:
    publish(sessions)
    stamps = {"created_at": TUESDAY, "updated_at": TUESDAY}
    with sessions.begin() as session:
        row = insert(Company).values(name="Weber", folded="weber", **stamps).returning(Company.id)
        return int(session.execute(row).scalar_one())


def settle(sessions: sessionmaker[Session], now: datetime = TUESDAY) -> None:
    rate(sessions, now=now)
    while warm_companies(sessions, now=now):
        pass


def company(db: Session, company_id: int) -> Company:
    db.rollback()
    return db.scalars(
        select(Company).where(Company.id == company_id).execution_options(populate_existing=True)
    ).one()


def heat_of(db: Session, company_id: int, now: datetime = TUESDAY) -> float:
    log = company(db, company_id).heat_log2
    return 0.0 if log is None else log2_value(log, now, HALF_LIFE)


def test_the_company_is_as_warm_as_what_its_contacts_did_together(
    db: Session, sessions: sessionmaker[Session], weber: int
) -> None:
    anna, ben = (make_lead(sessions, company_id=weber) for _one in range(2))
    send(sessions, anna, "clicked", TUESDAY)
    settle(sessions)
    alone = heat_of(db, weber)
    assert (alone > 0, company(db, weber).temperature) == (True, "cold")
    send(sessions, ben, "clicked", TUESDAY)
    settle(sessions)
    assert math.isclose(heat_of(db, weber), 2 * alone, rel_tol=1e-9)
    assert company(db, weber).temperature == "warm"
    assert db.scalars(text("SELECT DISTINCT temperature FROM lead")).all() == ["cold"]


def test_silence_cools_it_when_its_time_has_come(
    db: Session, sessions: sessionmaker[Session], weber: int
) -> None:
    for _one in range(2):
        send(sessions, make_lead(sessions, company_id=weber), "clicked", TUESDAY)
    settle(sessions)
    due = company(db, weber).due_at
    assert due is not None
    settle(sessions, due - timedelta(minutes=1))
    assert company(db, weber).temperature == "warm"
    settle(sessions, due)
    assert (company(db, weber).temperature, company(db, weber).due_at) == ("cold", None)


def test_a_contact_who_leaves_or_is_erased_takes_their_heat_along(
    db: Session, sessions: sessionmaker[Session], weber: int, tmp_path: Path
) -> None:
    anna, ben = (make_lead(sessions, company_id=weber, email_norm=f"{n}@weber.example") for n in range(2))
    for one in (anna, ben):
        send(sessions, one, "clicked", TUESDAY)
    settle(sessions)
    whole = heat_of(db, weber)
    save_lead(
        db,
        {"id": anna, "company": "Ohm"},
        now=TUESDAY,
        by="test",
        pepper=b"pepper",
        base_url="https://n.example",
    )
    db.commit()
    settle(sessions)
    assert math.isclose(heat_of(db, weber), whole / 2, rel_tol=1e-9)
    erase_lead(db, ben, pepper=b"p" * 32, home=tmp_path, now=TUESDAY, by="test")
    db.commit()
    settle(sessions)
    assert heat_of(db, weber) == 0


def test_a_file_that_moves_a_contact_to_another_company_moves_their_heat(
    db: Session, sessions: sessionmaker[Session], weber: int, tmp_path: Path
) -> None:
    for number in range(2):
        email = f"{number}@weber.example"
        send(
            sessions, make_lead(sessions, company_id=weber, email=email, email_norm=email), "clicked", TUESDAY
        )
    settle(sessions)
    whole = heat_of(db, weber)
    file = tmp_path / "moved.csv"
    file.write_text("email,company\n0@weber.example,Ohm\n")
    options = ImportOptions(source="Fair")
    base = {"home": tmp_path, "pepper": b"p" * 32, "base_url": "https://n.example", "now": TUESDAY}
    import_leads(sessions, file, options, **base)
    settle(sessions)
    ohm = db.scalars(select(Company.id).where(Company.folded == "ohm")).one()
    assert math.isclose(heat_of(db, weber), whole / 2, rel_tol=1e-9)
    assert math.isclose(heat_of(db, ohm), whole / 2, rel_tol=1e-9)


def test_a_warmer_company_brings_its_people_into_segments_that_ask_for_it(
    db: Session, sessions: sessionmaker[Session], weber: int
) -> None:
    anna, ben, quiet = (make_lead(sessions, company_id=weber) for _one in range(3))
    condition = {"field": "company.temperature", "eq": "warm"}
    db.add(
        Segment(
            key="warm-firms", name="Warm firms", condition=condition, created_at=TUESDAY, updated_at=TUESDAY
        )
    )
    db.commit()
    for one in (anna, ben):
        send(sessions, one, "clicked", TUESDAY)
    settle(sessions)
    while update_dirty(sessions, now=TUESDAY):
        pass
    db.rollback()
    assert set(db.scalars(text("SELECT lead_id FROM segment_member"))) == {anna, ben, quiet}


def test_noting_changes_waits_for_nobody(db: Session, sessions: sessionmaker[Session], weber: int) -> None:
    anna = make_lead(sessions, company_id=weber)
    with sessions() as other:
        other.execute(text("SELECT FROM company WHERE id = :id FOR UPDATE"), {"id": weber})
        send(sessions, anna, "clicked", TUESDAY)
        rate(sessions, now=TUESDAY)
        assert warm_companies(sessions, now=TUESDAY)
        assert heat_of(db, weber) == 0
        other.rollback()
    settle(sessions)
    assert heat_of(db, weber) > 0
