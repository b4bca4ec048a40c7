"""Two companies that are one: made one with everybody there, found by either name, and taken apart again."""

import math
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import companies
from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.flows.leads import save_lead
from nurture.flows.merge_companies import candidates, merge, preview, undo_merge
from nurture.flows.merge_leads import merge as merge_leads
from nurture.flows.rate import rate
from nurture.flows.unmerge_leads import undo_merge as undo_merge_of_leads
from nurture.flows.warm_companies import warm_companies
from nurture.store.company_merges import CompanyMerge
from nurture.store.views import companies as view
from nurture.store.views import inbox
from tests.conftest import TUESDAY
from tests.flows.rated_leads import publish, send

PEPPER = b"p" * 32
SAID = {"by": "test", "now": TUESDAY}


def person(db: Session, name: str, company: Any) -> int:
    said = {"email": f"{name}@acme.example", "first_name": name, "company": company}
    saved = save_lead(db, said, now=TUESDAY, by="test", pepper=PEPPER, base_url="https://n.example")
    db.commit()
    return saved.id


def row(db: Session, company_id: int) -> dict[str, Any]:
    db.rollback()
    sql = "SELECT name, size, website, industry, city, part_of, temperature FROM company WHERE id = :id"
    return dict(db.execute(text(sql), {"id": company_id}).mappings().one())


def company_of(db: Session, lead_id: int) -> int:
    return int(db.execute(text("SELECT company_id FROM lead WHERE id = :id"), {"id": lead_id}).scalar_one())


def settle(sessions: sessionmaker[Session]) -> None:
    rate(sessions, now=TUESDAY)
    while warm_companies(sessions, now=TUESDAY):
        pass


@pytest.fixture
def acme(db: Session, sessions: sessionmaker[Session]) -> tuple[int, int, int, int]:
    """Acme GmbH with Anna, ACME with Ben: the two companies and the two people."""
    publish(sessions)
    anna = person(db, "anna", {"name": "Acme GmbH", "size": 80})
    ben = person(
        db, "ben", {"name": "ACME", "website": "https://www.acme.example/", "size": 20, "city": "Kassel"}
    )
    return company_of(db, anna), company_of(db, ben), anna, ben


def test_one_stands_with_the_contacts_and_the_heat_of_both(
    db: Session, sessions: sessionmaker[Session], acme: tuple[int, int, int, int]
) -> None:
    one, two, anna, ben = acme
    for lead_id in (anna, ben):
        send(sessions, lead_id, "clicked", TUESDAY)
    settle(sessions)
    told = preview(db, one, two, now=TUESDAY)
    assert (told.company.weight.contacts, told.other.weight.contacts) == (1, 1)
    assert (told.company.row["temperature"], told.temperature) == ("cold", "warm")
    merge(db, one, two, take=["size"], **SAID)
    db.commit()
    settle(sessions)
    assert (company_of(db, anna), company_of(db, ben)) == (one, one)
    assert row(db, one) == {
        "name": "Acme GmbH", "size": 20, "website": "https://www.acme.example/", "industry": None,
        "city": "Kassel", "part_of": None, "temperature": "warm",
    }  # fmt: skip
    found = view.one(db, two)
    assert found is not None
    assert (found["id"], found["leads"]) == (one, 2)
    assert math.isclose(sum(companies.worth(db, [found["heat_log2"]], now=TUESDAY)), told.heat, rel_tol=1e-9)
    assert [each.id for each in inbox.buying_centre(db, one, anna)] == [ben]
    listed = view.warmest(db, q="", temperature="", place=None, limit=9)
    assert [each["id"] for each in listed] == [one]
    waiting = set(db.scalars(text("SELECT lead_id FROM unjudged_lead")))
    assert waiting == {anna, ben}  # the size decides over grades


def test_whoever_comes_later_with_the_name_or_the_website_of_the_other_is_there(
    db: Session, sessions: sessionmaker[Session], acme: tuple[int, int, int, int], tmp_path: Path
) -> None:
    one, two, _anna, _ben = acme
    merge(db, one, two, **SAID)
    db.commit()
    assert company_of(db, person(db, "cem", "acme")) == one
    assert company_of(db, person(db, "dora", {"name": "Acme Holding", "website": "acme.example"})) == one
    file = tmp_path / "more.csv"
    file.write_text(
        "email,company,company website,city of the company\n"
        "eva@acme.example,Acme,,\n"
        "finn@acme.example,Acme Pumps,http://ACME.example,\n"
        "gil@acme.example,acme holding,,\n"
        "hal@other.example,Other,https://other.example,\n"
    )
    fields = {"email": "email", "company": "company", "company website": "company.website"}
    options = ImportOptions(mapping=fields)
    told: Any = {"home": tmp_path, "pepper": PEPPER, "base_url": "https://n.example"}
    import_leads(sessions, file, options, now=TUESDAY, by="test", **told)
    there = db.scalars(text("SELECT first_name FROM lead WHERE company_id = :id"), {"id": one}).all()
    assert len(there) == 7
    assert db.scalar(text("SELECT count(*) FROM company WHERE part_of IS NULL")) == 2
    with pytest.raises(Conflict, match="ACME already"):
        companies.create(db, {"name": "ACME"}, **SAID)


def test_a_website_alone_makes_nobody_one(db: Session, acme: tuple[int, int, int, int]) -> None:
    _one, two, _anna, _ben = acme
    assert company_of(db, person(db, "dora", {"name": "Acme Holding", "website": "acme.example"})) != two


def test_undo_gives_back_who_came_and_what_was_said(
    db: Session, sessions: sessionmaker[Session], acme: tuple[int, int, int, int]
) -> None:
    one, two, anna, ben = acme
    before = row(db, one), row(db, two)
    send(sessions, ben, "replied", TUESDAY)
    settle(sessions)
    done = merge(db, one, two, take=["name", "size"], **SAID)
    db.commit()
    settle(sessions)
    assert (row(db, one)["name"], row(db, one)["size"], row(db, one)["temperature"]) == ("ACME", 20, "warm")
    cem = person(db, "cem", "Acme GmbH")
    assert company_of(db, cem) == one
    companies.change(db, one, {"city": "Bern"}, **SAID)
    undo_merge(db, done.id, **SAID)
    db.commit()
    settle(sessions)
    assert row(db, one) == before[0] | {"city": "Bern"}
    assert row(db, two) == before[1] | {"temperature": "warm"}
    assert [company_of(db, each) for each in (anna, ben, cem)] == [one, two, one]
    with pytest.raises(Conflict, match="undone already"):
        undo_merge(db, done.id, **SAID)
    acts = db.scalars(text("SELECT action FROM audit_entry WHERE action LIKE 'company.%' ORDER BY id")).all()
    assert acts == ["company.merged", "company.changed", "company.unmerged"]


def test_merges_that_rest_on_each_other_are_undone_in_their_order(
    db: Session, acme: tuple[int, int, int, int]
) -> None:
    one, two, anna, ben = acme
    three = company_of(db, person(db, "cem", "Acme Group"))
    first = merge(db, one, two, **SAID)
    second = merge(db, three, one, **SAID)
    assert [company_of(db, each) for each in (anna, ben)] == [three, three]
    assert companies.companies.meant(db, two) == three
    with pytest.raises(Conflict, match="undo that first"):
        undo_merge(db, first.id, **SAID)
    undo_merge(db, second.id, **SAID)
    assert companies.companies.meant(db, two) == one
    undo_merge(db, first.id, **SAID)
    assert [company_of(db, each) for each in (anna, ben)] == [one, two]


def test_a_company_may_be_called_by_the_name_of_its_part(
    db: Session, acme: tuple[int, int, int, int]
) -> None:
    one, two, _anna, _ben = acme
    done = merge(db, one, two, **SAID)
    companies.change(db, one, {"name": "ACME"}, **SAID)
    db.commit()
    assert company_of(db, person(db, "cem", "Acme GmbH")) == one
    with pytest.raises(Conflict, match="rename that one first"):
        undo_merge(db, done.id, **SAID)
    db.rollback()
    companies.change(db, one, {"name": "Acme International"}, **SAID)
    undo_merge(db, done.id, **SAID)
    db.commit()
    assert (row(db, one)["part_of"], row(db, two)["part_of"]) == (None, None)


def test_a_name_that_came_with_the_website_is_taken_apart_too(
    db: Session, acme: tuple[int, int, int, int]
) -> None:
    one, two, _anna, _ben = acme
    merge(db, one, two, **SAID)
    dora = person(db, "dora", {"name": "Acme Shop", "website": "acme.example"})
    learnt = db.query(CompanyMerge).filter_by(by="website").one()
    undo_merge(db, learnt.id, **SAID)
    db.commit()
    assert company_of(db, dora) == one
    assert company_of(db, person(db, "eva", "Acme Shop")) == learnt.other_id


def test_leads_that_were_one_come_back_to_the_company_that_stands(
    db: Session, acme: tuple[int, int, int, int]
) -> None:
    one, two, anna, ben = acme
    done = merge_leads(db, anna, ben, pepper=PEPPER, **SAID)
    merge(db, one, two, **SAID)
    undo_merge_of_leads(db, done.id, pepper=PEPPER, **SAID)
    assert (company_of(db, anna), company_of(db, ben)) == (one, one)


def test_what_makes_no_sense_is_refused(db: Session, acme: tuple[int, int, int, int]) -> None:
    one, two, _anna, _ben = acme
    with pytest.raises(NotFound):
        merge(db, one, 999, **SAID)
    with pytest.raises(Conflict, match="one company already"):
        merge(db, one, one, **SAID)
    with pytest.raises(Invalid, match="heat"):
        merge(db, one, two, take=["heat"], **SAID)
    db.execute(text("UPDATE company SET demo = true WHERE id = :id"), {"id": two})
    with pytest.raises(Conflict, match="invented"):
        merge(db, one, two, **SAID)


def test_companies_called_alike_are_offered(db: Session, acme: tuple[int, int, int, int]) -> None:
    one, two, _anna, _ben = acme
    for name in ("Acme Pumps", "Acmeon"):
        companies.create(db, {"name": name}, **SAID)
    site = companies.create(db, {"name": "Spring Ltd.", "website": "acme.example"}, **SAID)
    assert [each["id"] for each in candidates(db, one)] == [two]
    assert [each["id"] for each in candidates(db, two)] == [site, one]
