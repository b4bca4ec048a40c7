"""Recorders at once: each takes a page of its own, and nothing counts twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.flows.record import record
from nurture.rules import hits
from nurture.store import recorders
from tests.conftest import TUESDAY
from tests.flows.recording import arrive, clicked, counts, folder, number_of, run, spool, stream
from tests.mailed import a_delivery, a_lead, a_mailing

__all__ = ["folder", "run", "spool", "stream"]


def test_two_recorders_at_once_count_nothing_twice(
    db: Session, spool: Spool, stream: HitStream, sessions: sessionmaker[Session], folder: Path
) -> None:
    mailing = a_mailing(db)
    deliveries = [a_delivery(db, mailing, a_lead(db, f"lead{n}"), key=str(n)) for n in range(20)]
    for n in range(400):
        seen = clicked(
            deliveries[n % 20], mailing, at=TUESDAY + timedelta(minutes=5 * n), ip=f"198.51.100.{n % 250}"
        )
        arrive(spool, stream, seen)
    failed: list[Exception] = []

    def work() -> None:
        try:
            while record(sessions, stream, [folder], now=TUESDAY, limit=30):
                pass
        except Exception as fault:  # noqa: BLE001 - whatever broke in the thread fails the test
            failed.append(fault)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    while record(sessions, stream, [folder], now=TUESDAY):
        pass
    assert number_of(db, "hit") == number_of(db, "signal") == 400
    assert counts(db) == {"clicked": 20}


def test_behind_a_page_in_somebodys_hands_the_next_is_taken_and_kept_after_it(
    db: Session, stream: HitStream, sessions: sessionmaker[Session], folder: Path
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    clicks = [clicked(delivery, mailing, at=TUESDAY + timedelta(minutes=5 * n)) for n in range(4)]
    stream.add([hits.write(one) for one in clicks])
    with ThreadPoolExecutor(1) as pool:
        with sessions.begin() as first:
            assert recorders.claim_page(first, stream.read(1)[0].number)
            other = pool.submit(record, sessions, stream, [folder], now=TUESDAY, limit=2)
            while not first.scalar(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")):
                assert not other.done()
        assert other.result() == 2
    assert set(db.scalars(text("SELECT id FROM hit"))) == {one.id for one in clicks[2:]}
    assert [one.line for one in stream.read(10)] == [hits.write(one) for one in clicks[:2]]


def test_behind_a_halted_recorder_others_go_on_and_its_hits_are_not_lost(
    db: Session, stream: HitStream, sessions: sessionmaker[Session], run: Callable[[], int], folder: Path
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    clicks = [clicked(delivery, mailing, at=TUESDAY + timedelta(minutes=5 * n)) for n in range(4)]
    stream.add([hits.write(one) for one in clicks])
    with sessions.begin() as halted:
        assert recorders.is_my_turn(halted)
        assert record(sessions, stream, [folder], now=TUESDAY, limit=2) == 0
    run()
    assert (number_of(db, "hit"), stream.length()) == (4, 0)
