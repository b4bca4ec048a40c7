"""What other programs tell of people whom nobody knows yet: held, given to whom it belongs, and forgotten."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import NotFound
from nurture.flows.hold_calls import forget_held, hand_over_known
from nurture.flows.leads import erase_lead, save_lead
from nurture.flows.merge_companies import merge
from nurture.flows.outside_events import track
from nurture.flows.outside_people import alias, group, identify
from nurture.flows.personal_data import gather
from nurture.flows.rate import rate
from nurture.flows.website import keep_strangers
from nurture.store import held_calls
from tests.conftest import TUESDAY
from tests.flows.rated_leads import heat_row, publish

ANNA = "anna@weber.example"
PEPPER = b"p" * 32
CALLED: Mapping[str, Any] = {"by": "test", "pepper": PEPPER, "base_url": "https://n.example"}
Does = Callable[..., int | None]


@pytest.fixture
def does(db: Session) -> Does:
    def does(user: str, event: str = "File Downloaded", *, at: datetime = TUESDAY, **more: Any) -> int | None:
        said = {"userId": user, "event": event, "timestamp": at, **more}
        return track(db, said, pepper=PEPPER, now=TUESDAY).lead_id

    return does


def met(db: Session, user: str, email: str = ANNA, **traits: Any) -> int:
    said = {"userId": user, "traits": {"email": email, **traits}}
    return identify(db, said, now=TUESDAY, **CALLED).lead_id or 0


def joins(db: Session, user: str, number: str, **traits: Any) -> int | None:
    said = {"userId": user, "groupId": number, "traits": traits}
    return group(db, said, now=TUESDAY, **CALLED).lead_id


def signals(db: Session, lead_id: int) -> list[tuple[Any, ...]]:
    rows = db.execute(
        text("SELECT kind, occurred_at, source, data FROM signal WHERE lead_id = :id ORDER BY occurred_at"),
        {"id": lead_id},
    )
    return [tuple(row) for row in rows]


def held(db: Session) -> int:
    return int(db.execute(text("SELECT count(*) FROM held_call")).scalar_one())


def company_of(db: Session, lead_id: int) -> tuple[int, str]:
    sql = "SELECT c.id, c.name FROM lead l JOIN company c ON c.id = l.company_id WHERE l.id = :id"
    number, name = db.execute(text(sql), {"id": lead_id}).one()
    return number, name


def test_what_a_user_did_before_identify_is_theirs_as_it_happened(db: Session, does: Does) -> None:
    earlier = TUESDAY - timedelta(days=9)
    cart = {"products": [{"sku": "p-1"}], "url": "https://shop.example/p?id=1"}
    assert does("u-1", at=earlier, messageId="m-1", properties=cart) is None
    assert does("u-1", "Pricing Viewed", messageId="m-2", anonymousId="kiosk") is None
    assert held(db) == 2
    anna = met(db, "u-1")
    assert signals(db, anna) == [
        ("downloaded", earlier, "segment", {"event": "File Downloaded", **cart}),
        ("offer_viewed", TUESDAY, "segment", {"event": "Pricing Viewed"}),
    ]
    assert held(db) == 0


def test_a_message_counts_once_however_often_it_is_sent(db: Session, does: Does) -> None:
    for _twice in range(2):
        does("u-1", messageId="m-1")
    anna = met(db, "u-1")
    for _twice in range(2):
        assert does("u-1", messageId="m-1") == anna
        met(db, "u-1")
    assert len(signals(db, anna)) == 1


def test_heat_is_the_same_whether_somebody_was_identified_before_or_after(
    db: Session, sessions: sessionmaker[Session], does: Does
) -> None:
    publish(sessions)
    late = [TUESDAY - timedelta(days=days) for days in (30, 3, 3, 3, 3, 0)]  # a cap a day is 3
    after = [does("u-1", "Clicked", at=at, messageId=f"a-{number}") for number, at in enumerate(late)]
    anna, ben = met(db, "u-1"), met(db, "u-2", "ben@weber.example")
    for number, at in reversed(list(enumerate(late))):
        does("u-2", "Clicked", at=at, messageId=f"b-{number}")
    db.commit()
    rate(sessions, now=TUESDAY)
    logs = [heat_row(sessions, one).net_log2 for one in (anna, ben)]
    assert after == [None] * 6
    assert logs[0] == pytest.approx(logs[1], rel=1e-9)


def test_an_alias_says_who_it_was_too(db: Session, does: Does) -> None:
    anna = met(db, "u-1")
    does("crm-7", messageId="m-1")
    assert alias(db, {"previousId": "u-1", "userId": "crm-7"}, now=TUESDAY).lead_id == anna
    assert len(signals(db, anna)) == 1


def test_a_user_at_the_browser_of_another_stays_another(db: Session, does: Does) -> None:
    said = {"userId": "u-1", "anonymousId": "kiosk", "traits": {"email": ANNA}}
    anna = identify(db, said, now=TUESDAY, **CALLED).lead_id or 0
    does("u-2", anonymousId="kiosk")
    hand_over_held = met(db, "u-1")
    assert (hand_over_held, signals(db, anna), held(db)) == (anna, [], 1)
    ben = met(db, "u-2", "ben@weber.example")
    assert len(signals(db, ben)) == 1


def test_whoever_comes_in_by_another_door_gets_what_was_told_of_the_address(
    db: Session, sessions: sessionmaker[Session], does: Does
) -> None:
    does(ANNA.upper(), messageId="m-1")
    does("u-9", messageId="m-2", context={"traits": {"email": ANNA}})
    does("u-8", messageId="m-3")
    saved = save_lead(db, {"email": ANNA}, now=TUESDAY, **CALLED)
    db.commit()
    assert hand_over_known(sessions, now=TUESDAY) == 2
    assert (len(signals(db, saved.id)), held(db)) == (2, 1)


def test_only_so_many_are_held_of_one_and_the_newest_stay(
    db: Session, does: Does, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_calls, "MOST", 3)
    for day in range(5):
        does("u-1", at=TUESDAY - timedelta(days=day))
    assert held(db) == 3
    anna = met(db, "u-1")
    assert [at for _kind, at, *_rest in signals(db, anna)] == [
        TUESDAY - timedelta(days=day) for day in (2, 1, 0)
    ]


def test_what_stays_nobodys_is_dropped_when_its_time_is_over(
    db: Session, sessions: sessionmaker[Session], does: Does
) -> None:
    does("u-1", at=TUESDAY - timedelta(days=300))  # a backlog, told today
    keep_strangers(db, 30, by="test", now=TUESDAY)
    db.commit()
    assert forget_held(sessions, now=TUESDAY + timedelta(days=30)) == 0
    assert forget_held(sessions, now=TUESDAY + timedelta(days=30, seconds=1)) == 1


def test_of_the_erased_nothing_is_held(db: Session, does: Does, tmp_path: Path) -> None:
    anna = met(db, "u-1")
    told = gather(db, anna, by="test", now=TUESDAY, base_url="https://n.example")
    assert [(one["kind"], one["value"]) for one in told["names"]] == [("user_id", "u-1")]
    does("u-7", context={"traits": {"email": ANNA}})  # is hers by the address
    does("u-2")
    erase_lead(db, anna, pepper=PEPPER, home=tmp_path, now=TUESDAY, by="test")
    for said in ({"user": "u-1"}, {"user": ANNA}, {"user": "u-7", "context": {"traits": {"email": ANNA}}}):
        with pytest.raises(NotFound, match="erased"):
            does(**said)
    assert held(db) == 1  # of somebody else
    stored = db.scalar(text("SELECT string_agg(f::text, ' ') FROM forgotten_name f"))
    assert "u-1" not in (stored or "")


def test_a_group_is_one_company_by_its_id_alone(db: Session) -> None:
    anna, ben = met(db, "u-1"), met(db, "u-2", "ben@weber.example")
    assert joins(db, "u-1", "g-1", name="Weber Pumps", employees=80) == anna
    assert joins(db, "u-2", "g-1") == ben
    assert company_of(db, anna) == company_of(db, ben)
    joins(db, "u-2", "g-1", employees=120)
    assert db.scalar(text("SELECT size FROM company")) == 120
    joins(db, "u-1", "g-1", name="Weber Group")
    assert company_of(db, ben)[1] == "Weber Group"
    words = db.scalar(text("SELECT search FROM lead WHERE id = :id"), {"id": ben})
    assert "weber group" in (words or "")


def test_a_group_without_a_name_is_called_by_its_id_until_somebody_says_one(db: Session) -> None:
    anna, ben = met(db, "u-1"), met(db, "u-2", "ben@weber.example")
    joins(db, "u-1", "g-1")
    joins(db, "u-2", "g-1")
    assert company_of(db, anna)[1] == "g-1"
    joins(db, "u-2", "g-1", name="Weber Pumps")
    assert company_of(db, anna) == company_of(db, ben)
    assert company_of(db, anna)[1] == "Weber Pumps"


def test_a_group_takes_nobody_elses_name(db: Session) -> None:
    anna = met(db, "u-1", company="Weber Pumps")
    ben = met(db, "u-2", "ben@weber.example")
    joins(db, "u-2", "g-1", name="Weber")
    joins(db, "u-2", "g-1", name="WEBER PUMPS", employees=9)
    assert company_of(db, ben)[1] == "Weber"
    assert company_of(db, anna)[1] == "Weber Pumps"
    with db.begin_nested():
        merge(db, company_of(db, anna)[0], company_of(db, ben)[0], by="test", now=TUESDAY)
    joins(db, "u-2", "g-1")
    assert company_of(db, ben) == company_of(db, anna)


def test_a_company_among_the_traits_of_a_person_is_known_by_its_id(db: Session) -> None:
    anna = met(db, "u-1", company={"id": 17, "name": "Weber Pumps"})
    ben = met(db, "u-2", "ben@weber.example", company={"id": "17"})
    assert company_of(db, anna) == company_of(db, ben)


def test_whoever_is_put_into_a_group_before_anybody_knows_them_works_there(db: Session) -> None:
    assert joins(db, "u-1", "g-1", name="Weber Pumps") is None
    assert joins(db, "u-1", "g-2", name="Lind") is None
    said = {"anonymousId": "laptop", "groupId": "g-1"}
    assert group(db, said, now=TUESDAY, **CALLED).lead_id is None
    anna = met(db, "u-1")
    assert company_of(db, anna)[1] == "Lind"
    said = {"anonymousId": "laptop", "traits": {"email": "ben@weber.example"}}
    ben = identify(db, said, now=TUESDAY, **CALLED).lead_id or 0
    assert company_of(db, ben)[1] == "Weber Pumps"
    assert held(db) == 0
