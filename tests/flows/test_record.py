"""Recording: every hit is kept and counted once, whatever dies on the way, and only people warm a lead."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from redis import Redis, RedisError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream, quick_client
from nurture.files.spool import Spool, waiting_bytes
from nurture.flows import record as story
from nurture.flows.record import record
from nurture.rules import hits
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.store import hits as stored
from tests.conftest import TUESDAY
from tests.mailed import LINKS, SENT, Mailing, a_delivery, a_lead, a_mailing
from tests.statements import watched

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = Spool(folder)
    yield spool
    spool.close()


@pytest.fixture
def stream(redis_client: Redis) -> HitStream:
    return HitStream(redis_client)


@pytest.fixture
def run(sessions: sessionmaker[Session], stream: HitStream, folder: Path) -> Callable[[], int]:
    """Record until nothing is left; how many lines were taken."""

    def drain() -> int:
        total = 0
        while done := record(sessions, stream, [folder], now=TUESDAY):
            total += done
        return total

    return drain


def hit(delivery_id: int, kind: str = CLICK, *, link_id: int | None = None, **rest: Any) -> Hit:
    at: datetime = rest.pop("at", TUESDAY)
    values = {"method": "GET", "ua": CHROME, "ip": "198.51.100.7"} | rest
    link = link_id if kind == CLICK else None
    return Hit(uuid7(millis_of(at), os.urandom(10)), kind, delivery_id, link, **values)


def clicked(delivery_id: int, mailing: Mailing, link: int = 0, **rest: Any) -> Hit:
    return hit(delivery_id, link_id=mailing.link_ids[link], **rest)


def arrive(spool: Spool, stream: HitStream, *seen: Hit) -> None:
    """As the tracking door writes them: into the spool, and into the stream."""
    lines = [hits.write(one) for one in seen]
    for line in lines:
        spool.append(line)
    stream.add(lines)


def verdicts(db: Session) -> list[tuple[str, str]]:
    rows = db.execute(text("SELECT kind, verdict FROM hit ORDER BY id"))
    return [(row.kind, row.verdict) for row in rows]


def counts(db: Session) -> dict[str, int]:
    rows = db.execute(text("SELECT what, n FROM step_count ORDER BY what"))
    return {row.what: row.n for row in rows}


def number_of(db: Session, table: str) -> int:
    db.rollback()
    return int(db.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


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


def test_with_the_stream_emptied_the_spool_brings_everything(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int], redis_client: Redis
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for minute in range(0, 50, 5):
        arrive(spool, stream, clicked(delivery, mailing, at=TUESDAY + timedelta(minutes=minute)))
        redis_client.flushall()
    run()
    assert number_of(db, "hit") == number_of(db, "signal") == 10


def test_with_redis_away_the_spool_brings_everything(
    db: Session, spool: Spool, stream: HitStream, sessions: sessionmaker[Session], folder: Path
) -> None:
    mailing = a_mailing(db)
    arrive(spool, stream, clicked(a_delivery(db, mailing, a_lead(db)), mailing))
    away = HitStream(quick_client("redis://127.0.0.1:1"))
    assert record(sessions, away, [folder], now=TUESDAY) == 1
    assert number_of(db, "signal") == 1


def test_with_the_spool_of_another_host_the_stream_brings_everything(
    db: Session, spool: Spool, stream: HitStream, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    mailing = a_mailing(db)
    arrive(spool, stream, clicked(a_delivery(db, mailing, a_lead(db)), mailing))
    assert record(sessions, stream, [tmp_path / "another-host"], now=TUESDAY) == 1
    assert (number_of(db, "signal"), stream.length()) == (1, 0)


def test_a_stream_that_lets_nothing_go_is_read_again_and_nothing_counts_twice(
    db: Session, spool: Spool, stream: HitStream, sessions: sessionmaker[Session], folder: Path
) -> None:
    class Keeping(HitStream):
        def let_go(self, numbers: Sequence[str]) -> None:
            raise RedisError("read only")

    mailing = a_mailing(db)
    arrive(spool, stream, clicked(a_delivery(db, mailing, a_lead(db)), mailing))
    stuck = Keeping(stream._redis)
    for _ in range(3):
        record(sessions, stuck, [folder], now=TUESDAY)
    assert number_of(db, "hit") == number_of(db, "signal") == 1


def test_a_recorder_killed_at_any_line_loses_nothing_and_doubles_nothing(
    db: Session,
    spool: Spool,
    stream: HitStream,
    run: Callable[[], int],
    folder: Path,
    database_url: str,
    redis_url: str,
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for turn in range(100):
        arrive(spool, stream, clicked(delivery, mailing, at=TUESDAY + timedelta(minutes=5 * turn)))
        lived = dies_at_line(turn * 4, database_url, redis_url, folder)
        run()
        assert number_of(db, "hit") == number_of(db, "signal") == number_of(db, "unrated_signal") == turn + 1
        if lived:
            break
    assert 15 < turn < 99
    assert counts(db) == {"clicked": 1}
    assert stream.length() == 0


def dies_at_line(
    number: int, database_url: str, redis_url: str, folder: Path, *, of: ModuleType = story
) -> bool:
    """Record in a child that kills itself at the given line of a file; whether it lived to the end."""
    child = os.fork()
    if child == 0:
        passed = 0

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal passed
            if frame.f_code.co_filename != of.__file__:
                return None
            passed += event == "line"
            if passed > number:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            own = sessionmaker(create_engine(database_url, connect_args={"application_name": "doomed"}))
            own_stream = HitStream(Redis.from_url(redis_url))
            sys.settrace(trace)
            record(own, own_stream, [folder], now=TUESDAY)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    wait_until_gone(database_url)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFEXITED(status)


def wait_until_gone(database_url: str) -> None:
    """Until the server has seen that its client is dead and has let go of what it held."""
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    there = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'doomed')")
    with engine.connect() as connection:
        while connection.scalar(there):
            time.sleep(0.01)
    engine.dispose()


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


def test_whose_turn_it_is_not_takes_the_page_behind(
    db: Session, spool: Spool, stream: HitStream, sessions: sessionmaker[Session], folder: Path
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    clicks = [clicked(delivery, mailing, at=TUESDAY + timedelta(minutes=5 * n)) for n in range(4)]
    stream.add([hits.write(one) for one in clicks])
    with ThreadPoolExecutor(1) as pool:
        with sessions.begin() as first:
            assert stored.is_my_turn(first)
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
        assert stored.is_my_turn(halted)
        assert record(sessions, stream, [folder], now=TUESDAY, limit=2) == 0
    run()
    assert (number_of(db, "hit"), stream.length()) == (4, 0)


def test_a_spool_that_lags_behind_the_stream_brings_nothing_twice(
    db: Session, spool: Spool, stream: HitStream, sessions: sessionmaker[Session], folder: Path
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    clicks = [clicked(delivery, mailing, at=TUESDAY + timedelta(minutes=5 * n)) for n in range(6)]
    arrive(spool, stream, *clicks)
    record(sessions, stream, [folder.parent / "another-host"], now=TUESDAY, limit=3)
    while record(sessions, stream, [folder], now=TUESDAY, limit=2):
        pass
    assert number_of(db, "hit") == number_of(db, "signal") == 6
    assert waiting_bytes(folder) == 0


def test_machines_are_kept_with_their_reasons_and_never_warm(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    arrive(
        spool,
        stream,
        hit(delivery, OPEN, ua="Mozilla/5.0"),
        hit(delivery, OPEN, ua=GMAIL),
        clicked(delivery, mailing, ua="curl/8.5.0"),
        clicked(delivery, mailing, method="HEAD"),
        clicked(delivery, mailing, at=SENT + timedelta(seconds=1)),
    )
    run()
    assert sorted(verdicts(db)) == [
        *[("click", "machine")] * 3,
        *[("open", "privacy_proxy")] * 2,
    ]
    assert all(db.scalars(text("SELECT cardinality(reasons) > 0 FROM hit")))
    assert number_of(db, "signal") == number_of(db, "unrated_signal") == 0
    assert db.execute(text("SELECT opened_at, clicked_at FROM delivery")).one() == (None, None)
    assert counts(db) == {}


def test_a_sweep_through_all_links_is_a_machine_with_a_browsers_name(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    moments = [SENT + timedelta(seconds=43, milliseconds=200 * n) for n in range(3)]
    arrive(spool, stream, *(clicked(delivery, mailing, n, at=moments[n]) for n in range(3)))
    run()
    assert verdicts(db) == [("click", "machine")] * 3
    assert number_of(db, "signal") == 0


def test_the_end_of_a_sweep_is_known_by_what_was_recorded_before(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for n in range(3):
        arrive(spool, stream, clicked(delivery, mailing, n, at=TUESDAY + timedelta(milliseconds=300 * n)))
        run()
    assert verdicts(db)[-1] == ("click", "machine")


def test_a_reader_who_takes_his_time_may_follow_every_link(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for n in range(3):
        arrive(spool, stream, clicked(delivery, mailing, n, at=TUESDAY + timedelta(seconds=9 * n)))
    run()
    assert verdicts(db) == [("click", "human")] * 3


def test_one_address_at_the_mails_of_forty_people_is_a_machine(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    deliveries = [a_delivery(db, mailing, a_lead(db, f"lead{n}")) for n in range(40)]
    first, later = deliveries[:20], deliveries[20:]
    arrive(
        spool,
        stream,
        *(clicked(one, mailing, at=TUESDAY + timedelta(seconds=i)) for i, one in enumerate(first)),
    )
    run()
    arrive(
        spool,
        stream,
        *(clicked(one, mailing, at=TUESDAY + timedelta(seconds=20 + i)) for i, one in enumerate(later)),
    )
    run()
    assert [verdict for _, verdict in verdicts(db)][19:] == ["machine"] * 21


def test_a_proxy_that_hides_everybody_behind_one_address_accuses_nobody(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    for n in range(40):
        delivery = a_delivery(db, mailing, a_lead(db, f"lead{n}"))
        arrive(spool, stream, clicked(delivery, mailing, ip="10.0.0.9", at=TUESDAY + timedelta(seconds=n)))
    run()
    assert {verdict for _, verdict in verdicts(db)} == {"human"}


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


def test_a_click_while_the_mail_is_still_being_handed_over_is_a_machine(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing = a_mailing(db)
    arrive(spool, stream, clicked(a_delivery(db, mailing, a_lead(db), state="sending"), mailing))
    run()
    assert verdicts(db) == [("click", "machine")]


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
    assert costs[0] == costs[1] <= 11


def test_a_mail_in_doubt_was_sent_when_somebody_looks_at_it(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int]
) -> None:
    mailing, anna = a_mailing(db), a_lead(db)
    delivery = a_delivery(db, mailing, anna, state="uncertain", sent_at=None)
    arrive(spool, stream, clicked(delivery, mailing, 1))
    run()
    assert db.scalar(text("SELECT state FROM delivery WHERE id = :id"), {"id": delivery}) == "sent"
