"""Whatever is away or dies on the way, every hit is recorded once."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from redis import Redis, RedisError
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream, quick_client
from nurture.files.spool import Spool, waiting_bytes
from nurture.flows.record import record
from tests.conftest import TUESDAY
from tests.flows.recording import arrive, clicked, folder, number_of, run, spool, stream
from tests.mailed import a_delivery, a_lead, a_mailing

__all__ = ["folder", "run", "spool", "stream"]

# Minutes at which a person comes back; a clock would come at even steps.
UNEVEN = (0, 5, 12, 16, 25, 31, 33, 44, 46, 58)


def test_with_the_stream_emptied_the_spool_brings_everything(
    db: Session, spool: Spool, stream: HitStream, run: Callable[[], int], redis_client: Redis
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for minute in UNEVEN:
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


def test_a_spool_that_lags_behind_the_stream_brings_nothing_twice(
    db: Session, spool: Spool, stream: HitStream, sessions: sessionmaker[Session], folder: Path
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    clicks = [clicked(delivery, mailing, at=TUESDAY + timedelta(minutes=minute)) for minute in UNEVEN[:6]]
    arrive(spool, stream, *clicks)
    record(sessions, stream, [folder.parent / "another-host"], now=TUESDAY, limit=3)
    while record(sessions, stream, [folder], now=TUESDAY, limit=2):
        pass
    assert number_of(db, "hit") == number_of(db, "signal") == 6
    assert waiting_bytes(folder) == 0
