"""The list of leads: every filter, every order, page by page, and nothing of an address becomes SQL."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.flows.leads import erase_lead, save_lead
from nurture.store.lead_list import SORTS, LeadQuery, Order, Place, ids, order_of, page
from nurture.store.lead_targets import LeadTarget
from nurture.store.leads import Lead
from nurture.store.target_scores import TargetScore
from tests.conftest import TUESDAY

PEOPLE = (
    ("Anna", "Weber", "Weber Pumpen", 30.0, ["fair"]),
    ("Ben", "Zimmer", "Nordvik", 10.0, []),
    ("Cleo", "Albers", "Weber Pumpen", 30.0, ["fair", "board"]),
    ("Dora", "Ivens", "Oertel 100%", 80.0, []),
    ("Emil", "O'Hara", "Ferrante", 30.0, ["a_b"]),
)


@pytest.fixture
def people(db: Session) -> dict[str, int]:
    found = {}
    for number, (first, last, company, readiness, tags) in enumerate(PEOPLE):
        said = {
            "email": f"{first.lower()}@werk.example",
            "first_name": first,
            "last_name": last,
            "company": company,
            "tags": tags,
            "source": "Fair" if number % 2 else "Website",
        }
        found[first] = save_lead(
            db, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost"
        ).id
        lead = db.get_one(Lead, found[first])
        lead.readiness, lead.heat_log2 = readiness, None if number == 1 else 980.0 + number
        lead.last_signal_at = TUESDAY - timedelta(days=number) if number else None
    db.flush()
    score = TargetScore(trained_at=TUESDAY, active=True, spec={}, report={})
    db.add(score)
    db.flush()
    for name, percent in (("Anna", 12.5), ("Cleo", 80.0), ("Emil", 60.0)):
        db.add(LeadTarget(lead_id=found[name], score_id=score.id, percent=percent, at=TUESDAY))
    db.flush()
    return found


def _names(db: Session, people: dict[str, int], wanted: LeadQuery, order: str = "-created") -> list[str]:
    by_id = {lead_id: name for name, lead_id in people.items()}
    found = page(db, wanted, order_of(order), after=None, limit=50)
    return [by_id[place.lead_id] for place in found]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LeadQuery(), "Emil Dora Cleo Ben Anna"),
        (LeadQuery(q="weber"), "Cleo Anna"),
        (LeadQuery(q="WEBER ann"), "Anna"),
        (LeadQuery(q="be"), "Ben"),
        (LeadQuery(q="100%"), "Dora"),
        (LeadQuery(q="o'h"), "Emil"),
        (LeadQuery(tag="fair"), "Cleo Anna"),
        (LeadQuery(tag="a_b"), "Emil"),
        (LeadQuery(source="Fair"), "Dora Ben"),
        (LeadQuery(source="Nowhere"), ""),
        (LeadQuery(owner="nobody", tag="board"), "Cleo"),
        (LeadQuery(owner="nobody@werk.example"), ""),
        (LeadQuery(segment="nothing"), ""),
        (LeadQuery(held=True), ""),
        (LeadQuery(temperature="hot"), ""),
        (LeadQuery(target=60), "Emil Cleo"),
        (LeadQuery(target=0, tag="fair"), "Cleo Anna"),
    ],
)
def test_each_filter_finds_whom_it_names(
    db: Session, people: dict[str, int], wanted: LeadQuery, found: str
) -> None:
    assert " ".join(_names(db, people, wanted)) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("name", "Anna Ben Cleo Dora Emil"),
        ("-name", "Emil Dora Cleo Ben Anna"),
        ("-readiness", "Dora Emil Cleo Anna Ben"),
        ("readiness", "Ben Anna Cleo Emil Dora"),
        ("-heat", "Emil Dora Cleo Anna Ben"),
        ("heat", "Ben Anna Cleo Dora Emil"),
        ("-last_signal", "Ben Cleo Dora Emil Anna"),
        ("created", "Anna Ben Cleo Dora Emil"),
        ("-target", "Cleo Emil Anna Dora Ben"),
        ("target", "Anna Emil Cleo Dora Ben"),
    ],
)
def test_each_order_puts_nothing_known_at_the_low_end_or_behind(
    db: Session, people: dict[str, int], order: str, found: str
) -> None:
    assert " ".join(_names(db, people, LeadQuery(), order)) == found


@pytest.mark.parametrize("by", SORTS)
@pytest.mark.parametrize("down", [True, False])
def test_pages_of_one_show_everybody_once(db: Session, people: dict[str, int], by: str, down: bool) -> None:
    order, after, seen = Order(by, down), None, []
    while found := page(db, LeadQuery(), order, after=after, limit=1):
        seen.append(found[0].lead_id)
        after = found[0]
    assert sorted(seen) == sorted(people.values())
    named = [place.lead_id for place in page(db, LeadQuery(q="werk.example"), order, after=None, limit=9)]
    assert named == seen
    assert seen == [place.lead_id for place in page(db, LeadQuery(), order, after=None, limit=9)]


@pytest.mark.parametrize(
    "hostile", ["'; DROP TABLE lead --", "%", "_", "\\", "') OR 1=1 --", "{a}", "a\u202eb"]
)
def test_hostile_text_is_only_looked_for(db: Session, people: dict[str, int], hostile: str) -> None:
    assert ids(db, LeadQuery(q=hostile, temperature="cold"), limit=9) in (
        [],
        [people["Dora"]],
        [people["Emil"]],
    )
    for name in ("tag", "source", "segment", "owner", "stage", "grade"):
        assert ids(db, LeadQuery(**{name: hostile}), limit=9) == []
    assert page(db, LeadQuery(), Order("name"), after=Place(hostile, 0), limit=9) is not None
    assert order_of(hostile) == Order() and order_of(f"-{hostile}") == Order()


def test_the_erased_leave_the_list_and_changes_are_seen_at_once(
    db: Session, people: dict[str, int], tmp_path: Path
) -> None:
    erase_lead(db, people["Ben"], pepper=b"p" * 32, home=tmp_path, now=TUESDAY, by="test")
    db.execute(
        text("UPDATE lead SET readiness = 99, temperature = 'hot' WHERE id = :id"), {"id": people["Anna"]}
    )
    db.expire_all()
    assert _names(db, people, LeadQuery(), "-readiness") == ["Anna", "Dora", "Emil", "Cleo"]
    assert _names(db, people, LeadQuery(temperature="hot")) == ["Anna"]
