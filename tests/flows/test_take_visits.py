"""Visits: kept whoever makes them, and told of a lead once a signed word says who it is."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.flows import take_visits as story
from nurture.flows.leads import erase_lead
from nurture.flows.outside_people import identify
from nurture.flows.record import record
from nurture.flows.take_visits import join_visitor
from nurture.flows.website import add_rule, forget_old_visits
from nurture.rules import visits
from nurture.rules.ids import uuid7
from nurture.rules.tokens import KeyRing
from nurture.rules.visits import BY_FORM, BY_MAIL, NotAVisit, Visit, mint_token, told
from tests.conftest import TUESDAY
from tests.flows.deaths import dies_at_line
from tests.flows.looks import LAPTOP, PHONE, RING, look
from tests.mailed import a_delivery, a_lead, a_mailing


@pytest.fixture
def arrive(sessions: sessionmaker[Session], redis_client: Redis, tmp_path: Path) -> Callable[..., None]:
    """Visits come as the door writes them, into the spool and the stream, and are recorded."""
    spool, stream = Spool(tmp_path / "spool"), HitStream(redis_client)

    def come(*seen: Visit) -> None:
        lines = [visits.write(one) for one in seen]
        for line in lines:
            spool.append(line)
        stream.add(lines)
        while record(sessions, stream, [tmp_path / "spool"], now=TUESDAY + timedelta(hours=1)):
            pass

    return come


def sent_by(db: Session, lead_id: int) -> int:
    """The number of a form that this lead has sent."""
    form = text(
        "INSERT INTO form (key, name, version_no, created_by, created_at, updated_at) VALUES"
        " (gen_random_uuid()::text, 'Contact', 1, 'test', now(), now()) RETURNING id"
    )
    sent = text(
        "INSERT INTO form_submission (form_id, version_no, lead_id, at)"
        " VALUES (:form, 1, :lead, now()) RETURNING id"
    )
    number = db.scalar(sent, {"form": db.scalar(form), "lead": lead_id})
    db.commit()
    return int(number or 0)


def signals(db: Session) -> list[tuple[int, str, str]]:
    db.rollback()
    rows = db.execute(
        text("SELECT lead_id, kind, data ->> 'path' AS path FROM signal ORDER BY occurred_at, id")
    )
    return [tuple(row) for row in rows]


def number_of(db: Session, table: str) -> int:
    db.rollback()
    return int(db.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_a_stranger_without_a_cookie_is_counted_and_known_of_nobody(
    db: Session, arrive: Callable[..., None]
) -> None:
    arrive(look())
    assert (number_of(db, "visit"), number_of(db, "visitor"), signals(db)) == (1, 0, [])


def test_a_click_from_a_mail_says_who_comes_and_what_they_looked_at_before(
    db: Session, arrive: Callable[..., None]
) -> None:
    anna = a_lead(db)
    delivery = a_delivery(db, a_mailing(db), anna)
    arrive(look("/about", at=TUESDAY - timedelta(days=3), v=LAPTOP), look("/jobs", v=PHONE))
    assert signals(db) == []
    at = TUESDAY + timedelta(minutes=1)
    arrive(look("/prices", at=at, v=LAPTOP, k=mint_token(RING, BY_MAIL, delivery, at)))
    assert signals(db) == [(anna.id, "visited", "/about"), (anna.id, "visited", "/prices")]


def test_whoever_was_known_once_is_known_without_a_token(db: Session, arrive: Callable[..., None]) -> None:
    anna = a_lead(db)
    arrive(look("/prices", v=LAPTOP, k=mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)))
    arrive(look("/contact", at=TUESDAY + timedelta(minutes=2), v=LAPTOP))
    assert [path for _lead, _kind, path in signals(db)] == ["/prices", "/contact"]


def test_without_a_cookie_a_click_tells_of_that_one_page_alone(
    db: Session, arrive: Callable[..., None]
) -> None:
    anna = a_lead(db)
    arrive(look("/prices", k=mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)), look("/contact"))
    assert signals(db) == [(anna.id, "visited", "/prices")]
    assert number_of(db, "visitor") == 0


def test_an_old_or_invented_token_says_nothing(db: Session, arrive: Callable[..., None]) -> None:
    anna = a_lead(db)
    good = mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)
    forged = mint_token(
        KeyRing((b"another key of thirty-two bytes!!",)), BY_FORM, sent_by(db, anna.id), TUESDAY
    )
    arrive(look(at=TUESDAY + timedelta(minutes=40), k=good), look(k=forged), look(k=good + "x"))
    assert (number_of(db, "visit"), signals(db)) == (3, [])


def test_a_test_mail_to_a_colleague_makes_nobody_into_a_lead(
    db: Session, arrive: Callable[..., None]
) -> None:
    delivery = a_delivery(db, a_mailing(db), a_lead(db), purpose="test")
    arrive(look(v=LAPTOP, k=mint_token(RING, BY_MAIL, delivery, TUESDAY)))
    assert signals(db) == []


def test_paths_say_what_a_look_means_and_the_oldest_rule_that_fits_holds(
    db: Session, arrive: Callable[..., None]
) -> None:
    anna = a_lead(db)
    add_rule(db, "/products/*", "viewed_product", by="test", now=TUESDAY)
    add_rule(db, "*/offer-*", "offer_viewed", by="test", now=TUESDAY)
    db.commit()
    token = mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)
    paths = ("/products/pump-7", "/de/offer-12", "/products/offer-1", "/about")
    arrive(*(look(path, k=token, at=TUESDAY + timedelta(seconds=no)) for no, path in enumerate(paths)))
    kinds = [kind for _lead, kind, _path in signals(db)]
    assert kinds == ["viewed_product", "offer_viewed", "viewed_product", "visited"]


def test_a_machine_is_kept_and_not_counted(db: Session, arrive: Callable[..., None]) -> None:
    anna = a_lead(db)
    arrive(
        look(
            k=mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY), ua="Mozilla/5.0 HeadlessChrome/131.0"
        )
    )
    assert signals(db) == []
    assert db.scalar(text("SELECT verdict FROM visit")) == "machine"


def test_the_same_look_told_again_with_its_visitor_is_one_visit(
    db: Session, arrive: Callable[..., None]
) -> None:
    """The cookie was agreed to while the page stood open."""
    anna, view = a_lead(db), os.urandom(16).hex()
    token = mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)
    arrive(look(i=view, k=token))
    arrive(look(i=view, k=token, v=LAPTOP))
    assert (number_of(db, "visit"), len(signals(db))) == (1, 1)
    arrive(look("/contact", at=TUESDAY + timedelta(minutes=1), v=LAPTOP))
    assert len(signals(db)) == 2


def test_identify_with_the_visitor_of_our_script_joins_it(db: Session, arrive: Callable[..., None]) -> None:
    arrive(look("/about", v=LAPTOP))
    said = {"anonymousId": LAPTOP, "traits": {"email": "anna@example.com"}}
    lead_id = identify(
        db, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="https://n.example"
    ).lead_id
    db.commit()
    assert (lead_id, "visited", "/about") in signals(db)
    assert not join_visitor(db, LAPTOP, lead_id, now=TUESDAY)
    assert not join_visitor(db, "f" * 32, lead_id, now=TUESDAY)


def test_an_erased_person_leaves_no_visits(db: Session, arrive: Callable[..., None], tmp_path: Path) -> None:
    anna = a_lead(db)
    arrive(
        look("/prices", v=LAPTOP, k=mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)),
        look("/jobs", v=PHONE),
    )
    erase_lead(db, anna.id, pepper=b"p" * 32, home=tmp_path, now=TUESDAY, by="test")
    db.commit()
    assert (number_of(db, "visit"), number_of(db, "visitor")) == (1, 1)
    arrive(look("/contact", v=LAPTOP, k=mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)))
    assert [path for _lead, _kind, path in signals(db) if path] == []


def test_visits_of_strangers_are_forgotten_after_the_life_of_a_cookie(
    db: Session, sessions: sessionmaker[Session], arrive: Callable[..., None]
) -> None:
    arrive(look(at=TUESDAY - timedelta(days=400), v=LAPTOP), look(v=PHONE))
    assert forget_old_visits(sessions, now=TUESDAY) == 1
    assert db.scalars(text("SELECT id FROM visitor")).all() == [PHONE]


def test_a_recorder_killed_at_any_line_loses_no_visit_and_tells_none_twice(
    db: Session, sessions: sessionmaker[Session], redis_client: Redis, tmp_path: Path,
    database_url: str, redis_url: str,
) -> None:  # fmt: skip
    anna, folder = a_lead(db), tmp_path / "spool"
    spool, stream = Spool(folder), HitStream(redis_client)
    for turn in range(60):
        token = mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)
        lines = [visits.write(look(v=f"{turn:032x}")), visits.write(look(v=f"{turn:032x}", k=token))]
        for line in lines:
            spool.append(line)
        stream.add(lines)
        lived = dies_at_line(turn * 4, database_url, redis_url, folder, of=story)
        while record(sessions, stream, [folder], now=TUESDAY):
            pass
        assert (number_of(db, "visit"), number_of(db, "signal")) == (2 * turn + 2, 2 * turn + 2)
        if lived:
            break
    assert 5 < turn < 59


def test_of_an_address_only_path_and_campaign_are_kept() -> None:
    seen = look("/a?email=anna@example.com&utm_source=mail#top", r="https://anna:pw@news.example/x?token=1")
    assert seen.url == "https://shop.example/a?utm_source=mail"
    assert seen.referrer == "https://news.example/x"


@pytest.mark.parametrize("kind", ["meeting_requested", "unsubscribed", "replied", "clicked", "", "7"])
def test_a_page_cannot_report_what_only_we_can_know(kind: str) -> None:
    with pytest.raises(NotAVisit):
        look(e=kind)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"u":7}', b'{"u":"javascript:1"}', b'{"u":"https://a.example","i":"zz"}', b"\xff",
     b'{"u":"https://[a.example"}', b'{"u":"https://a.example","e":[]}'],
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_refused(body: bytes) -> None:
    with pytest.raises(NotAVisit):
        told(body, number=uuid7(0, bytes(10)), ua="", ring=RING, now=TUESDAY)


def test_hostile_words_can_be_stored_and_stop_nobody(db: Session, arrive: Callable[..., None]) -> None:
    data = {"n": float("nan"), "inf": float("inf"), "nul": "a\x00b\ud800", "deep": {"a": 1}, "big": 10**30}
    anna = a_lead(db)
    arrive(
        look("/\x00", t="\x00\ud800", d=data, k=mint_token(RING, BY_FORM, sent_by(db, anna.id), TUESDAY)),
        look(),
    )
    assert number_of(db, "visit") == 2
    kept = db.scalar(text("SELECT data FROM signal"))
    assert set(kept) == {"nul", "url", "path", "title"}


def test_a_line_is_read_back_as_it_was_written() -> None:
    seen = look(v=LAPTOP, k=mint_token(RING, BY_MAIL, 7, TUESDAY), d={"a": "b"})
    assert visits.parse(visits.write(seen)) == seen
    assert visits.is_visit(visits.write(seen))
    assert isinstance(seen.view, UUID)


def test_a_rule_may_name_the_route_behind_the_hash() -> None:
    rule = visits.PathRule("/products/*", "viewed_product")
    assert rule.meets("/shop#/products/pump")
    assert rule.meets("/shop#!/products/pump")
    assert not rule.meets("/shop#/prices")
    assert visits.PathRule("/shop#/prices", "offer_viewed").meets("/shop#/prices")
