"""Who people are, as other programs tell it: two at one browser, other names of one, and companies."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.outside_events import page, track
from nurture.flows.outside_people import alias, group, identify

TUESDAY = datetime(2026, 3, 3, 9, tzinfo=UTC)
ANNA, BORIS = "anna@weber.example", "boris@weber.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CALLED = {"now": TUESDAY, "by": "test", "pepper": b"pepper", "base_url": "https://n.example"}

Meet = Callable[..., int]


@pytest.fixture
def meet(db: Session) -> Meet:
    def meet(user: str | None = None, browser: str | None = None, **traits: object) -> int:
        said = {"userId": user, "anonymousId": browser, "traits": traits}
        return identify(db, said, **CALLED).lead_id or 0  # type: ignore[arg-type]

    return meet


def look(db: Session, **said: object) -> int | None:
    context = {"userAgent": FIREFOX}
    told = {"context": context, "properties": {"path": "/prices"}, **said}
    return page(db, told, pepper=b"pepper", now=TUESDAY).lead_id


def visits_of(db: Session, lead_id: int) -> int:
    return db.scalar(text("SELECT count(*) FROM signal WHERE lead_id = :lead"), {"lead": lead_id}) or 0


def test_a_new_user_at_the_browser_of_another_is_another_person(db: Session, meet: Meet) -> None:
    look(db, anonymousId="kiosk", messageId="m-1")
    anna = meet("u-1", "kiosk", email=ANNA)
    assert visits_of(db, anna) == 1
    boris = meet("u-2", "kiosk", email=BORIS)
    assert boris != anna
    assert (visits_of(db, anna), visits_of(db, boris)) == (1, 0)
    assert look(db, userId="u-2", anonymousId="kiosk") == boris
    assert look(db, anonymousId="kiosk") == anna  # it stays with whom it was given first


def test_a_new_user_without_an_address_does_not_become_the_other_at_that_browser(
    db: Session, meet: Meet
) -> None:
    anna = meet("u-1", "kiosk", email=ANNA, firstName="Anna")
    with pytest.raises(Invalid, match="needs an e-mail"):
        meet("u-2", "kiosk", firstName="Boris")
    assert db.scalar(text("SELECT first_name FROM lead WHERE id = :id"), {"id": anna}) == "Anna"


def test_a_browser_whose_person_has_no_user_id_yet_says_whose_the_first_one_is(
    db: Session, meet: Meet
) -> None:
    anna = meet(None, "laptop", email=ANNA)
    assert meet("u-1", "laptop", lastName="Weber") == anna
    assert look(db, userId="u-1") == anna


def test_a_visitor_of_our_script_whom_we_know_is_not_taken_by_another(db: Session, meet: Meet) -> None:
    look(db, anonymousId="kiosk")
    anna = meet(None, None, email=ANNA)
    db.execute(text("UPDATE visitor SET lead_id = :lead WHERE id = 'kiosk'"), {"lead": anna})
    boris = meet("u-2", "kiosk", email=BORIS)
    assert visits_of(db, boris) == 0
    assert db.scalar(text("SELECT lead_id FROM visitor WHERE id = 'kiosk'")) == anna
    assert db.scalar(text("SELECT count(*) FROM lead_identity WHERE value = 'kiosk'")) == 0


def test_an_alias_is_another_name_of_one_person(db: Session, meet: Meet) -> None:
    anna = meet("u-1", "laptop", email=ANNA)
    assert alias(db, {"previousId": "u-1", "userId": "crm-7"}, now=TUESDAY).lead_id == anna
    assert look(db, userId="crm-7") == anna
    assert look(db, userId="u-1") == anna
    look(db, anonymousId="phone")
    assert alias(db, {"previousId": "phone", "userId": "u-1"}, now=TUESDAY).lead_id == anna
    assert look(db, anonymousId="phone") == anna
    assert visits_of(db, anna) == 4


def test_an_alias_makes_nobody_of_two_and_nobody_of_none(db: Session, meet: Meet) -> None:
    anna, boris = meet("u-1", "kiosk", email=ANNA), meet("u-2", email=BORIS)
    with pytest.raises(Conflict, match=f"{anna}, {boris}"):
        alias(db, {"previousId": "u-1", "userId": "u-2"}, now=TUESDAY)
    with pytest.raises(Conflict, match="another user"):
        alias(db, {"previousId": "kiosk", "userId": "u-3"}, now=TUESDAY)
    with pytest.raises(NotFound):
        alias(db, {"previousId": "nobody", "userId": "u-3"}, now=TUESDAY)


def test_a_group_is_the_company_of_a_person(db: Session, meet: Meet) -> None:
    anna = meet("u-1", email=ANNA)
    traits = {
        "name": "Weber Pumps",
        "employees": 80,
        "website": "weber.example",
        "address": {"country": "DE"},
    }
    assert group(db, {"userId": "u-1", "groupId": "g-1", "traits": traits}, **CALLED).lead_id == anna  # type: ignore[arg-type]
    sql = "SELECT c.name, c.size, c.website, c.country FROM company c JOIN lead l ON l.company_id = c.id"
    assert tuple(db.execute(text(sql)).one()) == ("Weber Pumps", 80, "weber.example", "DE")


def test_a_company_is_called_nothing_that_cannot_be_seen(db: Session, meet: Meet) -> None:
    meet("u-1", email=ANNA)
    with pytest.raises(Invalid) as refusal:
        group(db, {"userId": "u-1", "groupId": "\u202e"}, **CALLED)  # type: ignore[arg-type]
    assert list(refusal.value.errors) == ["groupId"]
    for _time in range(2):
        said = {"userId": "u-1", "groupId": "g-1", "traits": {"name": "\u202e"}}
        group(db, said, **CALLED)  # type: ignore[arg-type]
    assert db.scalar(text("SELECT string_agg(name, ' ') FROM company")) == "g-1"


def test_odd_traits_in_the_context_stop_nothing(db: Session, meet: Meet) -> None:
    anna = meet("u-1", email=ANNA)
    said = {"userId": "u-1", "event": "Signed Up", "context": {"traits": "none"}}
    assert track(db, said, pepper=b"pepper", now=TUESDAY).lead_id == anna
    said = {"anonymousId": "a", "event": "Signed Up", "context": {"traits": ["x"], "userAgent": 7}}
    assert track(db, said, pepper=b"pepper", now=TUESDAY).lead_id is None
