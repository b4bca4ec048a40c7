"""Recording: every hit is kept and counted once, and only people warm a lead."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.flows.count_clicks import count_clicks
from nurture.flows.leads import erase_lead
from nurture.flows.record import record
from nurture.rules.hits import OPEN, write
from tests.conftest import TUESDAY
from tests.flows.recording import arrive, clicked, counts, folder, hit, number_of, run, spool, stream
from tests.mailed import LINKS, a_delivery, a_lead, a_mailing
from tests.statements import watched

__all__ = ["folder", "run", "spool", "stream"]


def test_a_persons_click_becomes_a_signal_that_waits_to_be_rated(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing, anna = a_mailing(db), a_lead(db)
    delivery = a_delivery(db, mailing, anna)
    seen = clicked(delivery, mailing, 1)
    arrive(spool, stream, seen)
    run()
    signal = db.execute(text("SELECT * FROM signal")).one()
    assert (signal.id, signal.kind, signal.source, signal.lead_id) == (
        seen.id,
        "clicked",
        "tracking",
        anna.id,
    )
    assert (signal.occurred_at, signal.mail_key, signal.delivery_id) == (TUESDAY, "welcome", delivery)
    assert signal.data == {"mail": "welcome", "link": "link 2", "url": LINKS[1]}
    assert db.execute(text("SELECT signal_id, lead_id FROM unrated_signal")).one() == (seen.id, anna.id)
    kept = db.execute(text("SELECT * FROM hit")).one()
    assert (kept.verdict, kept.reasons, kept.lead_id) == ("human", ["browser"], anna.id)


def test_a_hit_of_a_host_whose_clock_had_jumped_ahead_counts_as_of_now(
    db: Session, sessions: sessionmaker[Session], spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing, anna = a_mailing(db), a_lead(db)
    decades = timedelta(days=73 * 365)
    arrive(spool, stream, clicked(a_delivery(db, mailing, anna), mailing, at=TUESDAY + decades))
    run()
    later = TUESDAY + timedelta(minutes=2)
    count_clicks(sessions, now=later)
    at = db.scalar(text("SELECT occurred_at FROM signal WHERE kind = 'clicked'"))
    assert at is not None
    assert TUESDAY <= at <= later


def test_first_open_and_click_are_dated_and_counted_once_a_delivery(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    anna, ben = a_delivery(db, mailing, a_lead(db)), a_delivery(db, mailing, a_lead(db, "ben"))
    minute = timedelta(minutes=1)
    arrive(spool, stream, hit(anna, OPEN, at=TUESDAY + minute), hit(anna, OPEN), clicked(anna, mailing))
    run()
    arrive(spool, stream, hit(anna, OPEN, at=TUESDAY + 2 * minute), hit(ben, OPEN, at=TUESDAY + minute))
    run()
    assert counts(db) == {"opened": 2, "clicked": 1}
    times = db.execute(text("SELECT opened_at, clicked_at FROM delivery ORDER BY id")).all()
    assert [tuple(row) for row in times] == [(TUESDAY, TUESDAY), (TUESDAY + minute, None)]


def test_a_hit_from_stream_and_spool_is_one(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    arrive(spool, stream, clicked(a_delivery(db, mailing, a_lead(db)), mailing))
    assert run() == 2
    assert number_of(db, "hit") == number_of(db, "signal") == 1
    assert run() == 0


def test_a_test_mail_warms_nobody(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing, anna = a_mailing(db), a_lead(db)
    arrive(spool, stream, clicked(a_delivery(db, mailing, anna, purpose="test"), mailing))
    arrive(spool, stream, clicked(a_delivery(db, mailing, None, purpose="notice"), mailing))
    run()
    assert (number_of(db, "hit"), number_of(db, "signal")) == (2, 0)
    assert set(db.scalars(text("SELECT lead_id FROM hit"))) == {None}


def test_a_hit_on_a_delivery_that_is_gone_is_kept(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    arrive(spool, stream, hit(987_654, OPEN))
    run()
    assert (number_of(db, "hit"), number_of(db, "signal")) == (1, 0)


def test_torn_and_foreign_lines_stop_nobody_behind_them(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    spool.append(b'{"id":"0196')
    stream.add([b"", b"nonsense", b"[]", b"\xff\xfe"])
    arrive(spool, stream, clicked(a_delivery(db, mailing, a_lead(db)), mailing))
    run()
    assert (number_of(db, "signal"), stream.length()) == (1, 0)


def test_a_batch_costs_the_same_few_statements_whatever_its_size(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int], engine: Engine
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    arrive(spool, stream, *(clicked(delivery, mailing) for _ in range(10)))
    run()
    statements, costs = watched(engine), []
    for size in (1, 100):
        arrive(spool, stream, *(clicked(delivery, mailing) for _ in range(size)))
        statements.clear()
        run()
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 18


def test_a_mail_in_doubt_was_sent_when_somebody_looks_at_it(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing, anna = a_mailing(db), a_lead(db)
    delivery = a_delivery(db, mailing, anna, state="uncertain", sent_at=None)
    arrive(spool, stream, clicked(delivery, mailing, 1))
    run()
    assert db.scalar(text("SELECT state FROM delivery WHERE id = :id"), {"id": delivery}) == "sent"


def test_of_a_person_who_was_erased_nothing_is_written_down(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int], tmp_path: Path
) -> None:
    mailing, anna, ben = a_mailing(db), a_lead(db), a_lead(db, "ben")
    gone, here = a_delivery(db, mailing, anna), a_delivery(db, mailing, ben)
    erase_lead(db, anna.id, pepper=b"p" * 32, home=tmp_path, now=TUESDAY, by="test")
    db.commit()
    for one in (gone, here):
        arrive(spool, stream, clicked(one, mailing), hit(one, OPEN))
    run()
    assert db.scalars(text("SELECT DISTINCT lead_id FROM hit")).all() == [ben.id]
    assert db.scalars(text("SELECT DISTINCT lead_id FROM signal")).all() == [ben.id]


def test_a_spool_that_cannot_be_written_in_does_not_hold_the_stream_up(
    db: Session, sessions: sessionmaker[Session], stream: HitStream, tmp_path: Path
) -> None:
    mailing, anna = a_mailing(db), a_lead(db)
    shut = tmp_path / "shut"
    (shut / "drain.lock").mkdir(parents=True)  # no worker may lock it, root among them
    seen = clicked(a_delivery(db, mailing, anna), mailing)
    stream.add([write(seen)])
    assert record(sessions, stream, [shut], now=TUESDAY) == 1
    assert stream.read(9) == []
    assert db.scalar(text("SELECT id FROM hit")) == seen.id
