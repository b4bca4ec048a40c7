"""Guests of events: every step is a signal, and every mistake is taken back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.catalogues import catalogues
from nurture.flows import events as plans
from nurture.flows import guests
from nurture.flows.ask_guests import ask_guests, guest_of
from nurture.flows.guest_file import register_file
from nurture.flows.leads import save_lead
from nurture.flows.rate import rate
from nurture.flows.rejudge import rejudge
from nurture.rules import words
from nurture.rules.model import read
from nurture.rules.tokens import KeyRing
from nurture.store import models
from nurture.store.events import Event
from tests.conftest import TUESDAY
from tests.mailed import a_lead

RING = KeyRing((b"a signing key of thirty-two bytes.",))
BASE = "https://n.example"
LATER = TUESDAY + timedelta(hours=1)


@pytest.fixture
def webinar(db: Session) -> Event:
    said = {"name": "Webinar", "starts_at": TUESDAY, "timezone": "Europe/Berlin", "capacity": 2}
    made = plans.create(db, said, by="user:1", now=TUESDAY)
    db.commit()
    return made


def counting(db: Session) -> list[tuple[int, str]]:
    """The signals that hold."""
    rows = db.execute(
        text("""
            SELECT s.lead_id, s.kind FROM signal s
            WHERE NOT EXISTS (SELECT FROM signal_verdict v WHERE v.signal_id = s.id) ORDER BY s.id
        """)
    )
    return [tuple(row) for row in rows]


def of(db: Session, lead_id: int) -> list[str]:
    return [kind for lead, kind in counting(db) if lead == lead_id]


def test_registering_and_coming_are_signals_each_told_once(db: Session, webinar: Event) -> None:
    anna = a_lead(db)
    for _again in range(2):
        guests.register(db, webinar.id, [anna.id], by="user:1", now=TUESDAY)
        guests.check_in(db, webinar.id, anna.id, by="user:1", now=LATER)
    assert counting(db) == [(anna.id, "event_registered"), (anna.id, "event_attended")]
    assert db.scalar(text("SELECT data ->> 'label' FROM signal LIMIT 1")) == "Webinar"


def test_a_check_in_that_is_undone_counts_no_more_and_may_be_made_again(db: Session, webinar: Event) -> None:
    anna = a_lead(db)
    guests.register(db, webinar.id, [anna.id], by="user:1", now=TUESDAY)
    guests.check_in(db, webinar.id, anna.id, by="user:1", now=TUESDAY)
    assert guests.undo_check_in(db, webinar.id, anna.id, by="user:1", now=LATER)
    assert not guests.undo_check_in(db, webinar.id, anna.id, by="user:1", now=LATER)
    assert counting(db) == [(anna.id, "event_registered")]
    guests.check_in(db, webinar.id, anna.id, by="user:1", now=LATER)
    assert counting(db) == [(anna.id, "event_registered"), (anna.id, "event_attended")]


def test_what_was_undone_cools_the_lead_as_if_it_had_never_been(
    db: Session, sessions: sessionmaker[Session], webinar: Event
) -> None:
    spec = {
        "model": "default",
        "half_life": "21d",
        "signals": {"event_attended": {"weight": 25}, "event_registered": {"weight": 2}},
        "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
        "readiness": {"rise": 60, "fall": 45, "parts": {"need": 25, "activity": 35, "data": 20, "bant": 20}},
    }
    _no, version, _new = models.add_version(db, read(spec), "h", now=TUESDAY, by="test")
    models.set_live(db, version, now=TUESDAY)
    anna = a_lead(db)
    guests.check_in(db, webinar.id, anna.id, by="user:1", now=TUESDAY)
    db.commit()
    rate(sessions, now=TUESDAY)
    db.refresh(anna)
    assert anna.temperature == "warm"
    guests.undo_check_in(db, webinar.id, anna.id, by="user:1", now=LATER)
    db.commit()
    rejudge(sessions, now=LATER)
    db.refresh(anna)
    assert anna.temperature == "cold"


def test_whoever_is_not_on_the_list_may_come_in_all_the_same(db: Session, webinar: Event) -> None:
    anna = a_lead(db)
    assert guests.check_in(db, webinar.id, anna.id, by="user:1", now=TUESDAY)
    assert sorted(of(db, anna.id)) == ["event_attended", "event_registered"]
    with pytest.raises(NotFound):
        guests.check_in(db, webinar.id, 999, by="user:1", now=TUESDAY)


def test_a_full_event_refuses_until_somebody_is_struck_off(db: Session, webinar: Event) -> None:
    people = [a_lead(db, name).id for name in ("anna", "ben", "cleo")]
    guests.register(db, webinar.id, people[:2], by="user:1", now=TUESDAY)
    db.commit()
    with pytest.raises(Conflict, match="2 seats"):
        guests.register(db, webinar.id, people[2:], by="user:1", now=TUESDAY)
    db.rollback()
    guests.strike(db, webinar.id, people[0], by="user:1", now=TUESDAY)
    assert guests.register(db, webinar.id, people[2:], by="user:1", now=TUESDAY) == people[2:]
    assert sorted(counting(db)) == [(people[1], "event_registered"), (people[2], "event_registered")]


def test_closing_tells_who_did_not_come_and_opening_again_takes_it_back(db: Session, webinar: Event) -> None:
    people = [a_lead(db, name).id for name in ("anna", "ben")]
    guests.register(db, webinar.id, people, by="user:1", now=TUESDAY)
    guests.check_in(db, webinar.id, people[0], by="user:1", now=LATER)
    assert guests.close(db, webinar.id, by="user:1", now=LATER) == 1
    assert guests.close(db, webinar.id, by="user:1", now=LATER) == 0
    assert (people[1], "event_no_show") in counting(db)
    assert guests.reopen(db, webinar.id, by="user:1", now=LATER) == 1
    assert "event_no_show" not in [kind for _lead, kind in counting(db)]
    guests.close(db, webinar.id, by="user:1", now=LATER)
    guests.check_in(db, webinar.id, people[1], by="user:1", now=LATER)
    assert [kind for lead, kind in counting(db) if lead == people[1]] == [
        "event_registered",
        "event_attended",
    ]
    guests.undo_check_in(db, webinar.id, people[1], by="user:1", now=LATER)
    assert of(db, people[1]) == ["event_registered", "event_no_show"]


def test_an_event_that_is_ahead_or_called_off_has_no_no_shows(db: Session, webinar: Event) -> None:
    with pytest.raises(Conflict):
        guests.close(db, webinar.id, by="user:1", now=TUESDAY - timedelta(days=1))
    plans.call_off(db, webinar.id, by="user:1", now=TUESDAY)
    for act in (guests.close, guests.register):
        with pytest.raises(Conflict, match="called off"):
            act(db, webinar.id, *([[1]] if act is guests.register else []), by="user:1", now=LATER)


def test_feedback_is_a_signal_and_a_second_one_replaces_it(db: Session, webinar: Event) -> None:
    anna, ben = a_lead(db), a_lead(db, "ben")
    guests.check_in(db, webinar.id, anna.id, by="user:1", now=TUESDAY)
    guests.register(db, webinar.id, [ben.id], by="user:1", now=TUESDAY)
    for rating, said in ((2, ""), (2, ""), (5, " Splendid ")):
        guests.give_feedback(db, webinar.id, anna.id, rating, said, now=LATER)
    holds = db.execute(
        text("""
            SELECT data FROM signal s WHERE kind = 'feedback'
            AND NOT EXISTS (SELECT FROM signal_verdict v WHERE v.signal_id = s.id)
        """)
    ).scalars()
    assert [(one["rating"], one["text"]) for one in holds] == [(5, "Splendid")]
    for lead, rating in ((ben.id, 5), (999, 5)):
        with pytest.raises(NotFound):
            guests.give_feedback(db, webinar.id, lead, rating, "", now=LATER)
    for wrong in (0, 6, -1):
        with pytest.raises(Invalid):
            guests.give_feedback(db, webinar.id, anna.id, wrong, "", now=LATER)


def test_everybody_who_came_is_asked_once_in_their_language(
    db: Session, sessions: sessionmaker[Session], webinar: Event
) -> None:
    anna, ben = a_lead(db), a_lead(db, "ben")
    oleg = save_lead(
        db,
        {"email": "oleg@example.com", "language": "ru"},
        now=TUESDAY,
        by="test",
        pepper=b"pepper",
        base_url=BASE,
    ).id
    caller = save_lead(
        db, {"phone": "+4930123456"}, now=TUESDAY, by="test", pepper=b"pepper", base_url=BASE
    ).id
    guests.register(db, webinar.id, [ben.id], by="user:1", now=TUESDAY)
    for one in (anna.id, oleg, caller):
        guests.check_in(db, webinar.id, one, by="user:1", now=TUESDAY)
    db.commit()
    words.learn(catalogues())
    assert ask_guests(sessions, webinar.id, RING, BASE, by="user:1", now=LATER) == 2
    assert ask_guests(sessions, webinar.id, RING, BASE, by="user:1", now=LATER) == 0
    rows = db.execute(
        text("""
            SELECT d.lead_id, d.params, d.purpose, v.subject FROM delivery d
            JOIN mail_version v ON v.id = d.mail_version_id ORDER BY d.lead_id
        """)
    ).all()
    assert [row.lead_id for row in rows] == [anna.id, oleg]
    assert rows[0].subject.startswith("How was")
    assert rows[1].subject.startswith("Как вам")
    token = rows[0].params["feedback_url"].removeprefix(f"{BASE}/e/")
    assert guest_of(RING, token) == (webinar.id, anna.id)
    assert guest_of(RING, token + "x") is None


def test_a_file_of_guests_takes_who_can_be_taken_and_says_why_not(
    db: Session, sessions: sessionmaker[Session], webinar: Event, tmp_path: Path
) -> None:
    file = tmp_path / "guests.csv"
    file.write_text(
        "Email,First name,Company\nanna@example.com,Anna,Ohm\nno address,Ben,\ncleo@example.com,Cleo,\n"
    )
    for _again in range(2):
        done = register_file(
            sessions, webinar.id, file, by="user:1", now=TUESDAY, pepper=b"pepper", base_url=BASE
        )
        assert done.registered == 2
        assert [line for line, _why in done.faults] == [3]
    assert [kind for _lead, kind in counting(db)] == ["event_registered"] * 2
    sources = db.scalars(text("SELECT DISTINCT s.name FROM lead l JOIN source s ON s.id = l.source_id")).all()
    assert sources == ["Webinar"]
    file.write_text("Name\nAnna\n")
    with pytest.raises(Invalid, match="column email"):
        register_file(sessions, webinar.id, file, by="user:1", now=TUESDAY, pepper=b"pepper", base_url=BASE)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"name": " "}, "name"),
        ({"starts_at": None}, "starts_at"),
        ({"ends_at": TUESDAY - timedelta(hours=1)}, "ends_at"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"capacity": 0}, "capacity"),
    ],
)
def test_a_plan_says_what_is_wrong_with_it(db: Session, wrong: dict[str, Any], place: str) -> None:
    said = {"name": "Fair", "starts_at": TUESDAY, "timezone": "UTC"}
    with pytest.raises(Invalid) as refusal:
        plans.create(db, said | wrong, by="user:1", now=TUESDAY)
    assert list(refusal.value.errors) == [place]
