"""Opens and clicks: how many a second the tracking door answers, how long one waits at a usual rate, and
how many a second become judged hits and rated signals.

The bound of answering is an empty WSGI answer by the same server in the same run; the same work as Flask
views is measured beside it. The bound of applying is COPY of the rows that came out, in batches
of the same size.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from bench import _wrk
from bench._hits_doors import RING
from nurture.buffers.stream import HitStream
from nurture.config import load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.servers import servers
from nurture.files.spool import Spool, draining, folder_of, waiting_bytes
from nurture.flows.rate import rate
from nurture.flows.record import record
from nurture.migrations import upgrade
from nurture.rules import hits
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.model import read
from nurture.rules.tokens import mint
from nurture.runtime import make_engine, work_in_batches
from nurture.store import models, partitions

FIGURE = ("hits", "hits_p99_ms", "hits_applied")
SECONDS = {"small": 5, "full": 20}
LEADS = {"small": 5_000, "full": 50_000}
USUAL_RATE = 500
WORKERS = 2
BATCH = 2_000
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
MODEL = {
    "model": "default",
    "half_life": "21d",
    "signals": {"opened": {"weight": 1, "cap": 2}, "clicked": {"weight": 10, "cap": 3}},
    "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
    "readiness": {"rise": 90, "fall": 80, "parts": {"need": 0, "activity": 10, "data": 0, "bant": 0}},
}


def run(scale: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The three figures, as the lines that `make bench` prints. `say` takes lines for people."""
    _wrk.tool()
    work_in_batches()
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder:
        home = Path(folder)
        settings = load_settings({"NURTURE_HOME": folder})
        with servers(settings) as addresses:
            _prepare(addresses.database_url, LEADS[scale], now)
            answered = _answer(addresses, home, SECONDS[scale], say)
            applied = _apply(addresses, home, LEADS[scale], now, say)
    return [*answered, applied]


def _answer(
    addresses: Addresses, home: Path, seconds: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    env = {
        "BENCH_HOME": str(home),
        "BENCH_DATABASE_URL": addresses.database_url,
        "BENCH_REDIS_URL": addresses.redis_url,
    }
    paths = _paths(addresses.database_url)
    seen = {}
    for name in ("nothing", "flask_views", "door"):
        with _wrk.granian(f"bench._hits_doors:{name}", env) as port:
            _wrk.load(home, port, paths, seconds=1, rate=USUAL_RATE)
            usual = _wrk.load(home, port, paths, seconds=seconds, rate=USUAL_RATE)
            seen[name] = _wrk.load(home, port, paths, seconds=seconds)
        say(
            f"  {name}: {seen[name].per_second:.0f} a second; p99 {usual.p99_ms:.2f} ms at "
            f"{usual.per_second:.0f} a second; {seen[name].failed + usual.failed} failed"
        )
        seen[f"{name}_usual"] = usual
    _forget(addresses, home)
    door, bound, flask = seen["door"].per_second, seen["nothing"].per_second, seen["flask_views"].per_second
    p99, least = seen["door_usual"].p99_ms, seen["nothing_usual"].p99_ms
    return [
        _line("hits", round(door), "hit/s", round(bound), "granian, empty answer", door / bound)
        | {"flask_views": round(flask)},
        _line("hits_p99_ms", round(p99, 2), "ms", round(least, 2), "granian, empty answer", least / p99),
    ]


def _apply(
    addresses: Addresses, home: Path, leads: int, now: datetime, say: Callable[[str], None]
) -> dict[str, Any]:
    """Two opens and a click of every lead, in spool and stream; then everything until all is rated, by two
    workers that do both in turn, as those of `nurture up` do."""
    engine = make_engine(addresses.database_url, pool=2)
    stream = HitStream(Redis.from_url(addresses.redis_url))
    count = arrive(engine, home, stream, now)
    spawn = multiprocessing.get_context("spawn")
    ready, begin, end = spawn.Barrier(WORKERS + 1), spawn.Event(), spawn.Event()
    asked = (addresses.database_url, addresses.redis_url, str(home), ready, begin, end)
    workers = [spawn.Process(target=_work, args=asked, daemon=True) for _worker in range(WORKERS)]
    for worker in workers:
        worker.start()
    ready.wait(60)
    began = time.monotonic()
    begin.set()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # By the index, which passes over what is done more quickly than the table.
        unrated = text("SELECT 1 FROM unrated_signal ORDER BY signal_id LIMIT 1")
        while stream.length() or waiting_bytes(folder_of(home)) or connection.scalar(unrated):
            time.sleep(0.05)
            if not any(worker.is_alive() for worker in workers):
                raise RuntimeError("the workers have ended before the work")
    seconds = time.monotonic() - began
    end.set()
    for worker in workers:
        worker.join(30)
    with Session(engine) as session:
        _check(session, count)
    copied = min(_copy_seconds(engine, count) for _round in range(3))
    engine.dispose()
    say(
        f"  {count} hits of {leads} leads recorded and rated by {WORKERS} workers in {seconds:.1f} s; "
        f"COPY of the same rows {copied:.2f} s"
    )
    value, bound = count / seconds, count / copied
    return _line("hits_applied", round(value), "hit/s", round(bound), "COPY of the rows", value / bound)


def _work(database_url: str, redis_url: str, home: str, ready: Barrier, begin: Event, end: Event) -> None:
    """A worker: turns of recording and rating, as those of jobs/streams, until it is told to end."""
    work_in_batches()
    engine = make_engine(database_url, pool=2)
    sessions = sessionmaker(engine, expire_on_commit=False)
    stream = HitStream(Redis.from_url(redis_url))
    with engine.connect():
        ready.wait(60)
    begin.wait()
    while not end.is_set():
        recorded = record(sessions, stream, [folder_of(Path(home))], now=datetime.now(UTC))
        if not recorded + rate(sessions, now=datetime.now(UTC), backlog=stream.length()):
            end.wait(0.01)
    engine.dispose()


def _line(
    figure: str, value: float, unit: str, bound: float, bound_name: str, ratio: float
) -> dict[str, Any]:
    return {
        "figure": figure,
        "value": value,
        "unit": unit,
        "bound": bound,
        "bound_name": bound_name,
        "ratio": round(ratio, 2),
    }


def _prepare(database_url: str, leads: int, now: datetime) -> None:
    """Leads who were each sent a mail with three links an hour ago."""
    engine = make_engine(database_url, pool=2)
    upgrade(engine)
    with Session(engine) as session, session.begin():
        partitions.ensure(session, now=now)
        _no, version_id, _new = models.add_version(session, read(MODEL), "bench", now=now, by="bench")
        models.set_live(session, version_id, now=now)
        values = {"now": now, "sent": now - timedelta(hours=1), "n": leads}
        for statement in _WORLD.split(";\n"):
            bound = {name: value for name, value in values.items() if f":{name}" in statement}
            session.execute(text(statement), bound)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


_WORLD = """
INSERT INTO program (key, name, state, model_id, created_at, updated_at)
    SELECT 'bench', 'Bench', 'live', max(id), :now, :now FROM heat_model;
INSERT INTO program_version (program_id, no, source_hash, created_at) SELECT id, 1, '', :now FROM program;
INSERT INTO chain (program_id, temperature) SELECT id, 'cold' FROM program;
INSERT INTO mail (program_id, key, name, created_at) SELECT id, 'letter', 'Letter', :now FROM program;
INSERT INTO mail_version (mail_id, no, source_hash, subject, created_at) SELECT id, 1, '', 'A letter', :now
    FROM mail;
INSERT INTO link (mail_version_id, no, url) SELECT v.id, g, 'https://www.example.com/case/' || g
    FROM mail_version v, generate_series(1, 3) g;
INSERT INTO lead (email, email_norm, stage_since, temperature_since, created_at, updated_at)
    SELECT 'lead' || g || '@leads.example', 'lead' || g || '@leads.example', :now, :now, :now, :now
    FROM generate_series(1, :n) g;
INSERT INTO delivery (dedup_key, purpose, lead_id, program_id, chain_id, version_id, step_key,
                      mail_version_id, state, due_at, created_at, sent_at)
    SELECT 'bench:' || l.id, 'chain', l.id, c.program_id, c.id, (SELECT max(id) FROM program_version),
           'letter', (SELECT max(id) FROM mail_version), 'sent', :sent, :sent, :sent FROM lead l, chain c
"""


def _deliveries_and_links(session: Session) -> tuple[list[int], list[int]]:
    return (
        list(session.scalars(text("SELECT id FROM delivery ORDER BY id"))),
        list(session.scalars(text("SELECT id FROM link ORDER BY id"))),
    )


def _paths(database_url: str) -> list[str]:
    engine = make_engine(database_url, pool=2)
    with Session(engine) as session:
        deliveries, links = _deliveries_and_links(session)
    engine.dispose()
    opens = [f"/o/{mint(RING, 'open', number)}.gif" for number in deliveries[:1000]]
    clicks = [f"/c/{mint(RING, 'click', number, links[number % 3])}" for number in deliveries[:1000]]
    return [path for pair in zip(opens, clicks, strict=True) for path in pair]


def _forget(addresses: Addresses, home: Path) -> None:
    """What the answering left in spool and stream is not part of the applying."""
    stream = HitStream(Redis.from_url(addresses.redis_url))
    while entries := stream.read(10_000):
        stream.let_go([one.number for one in entries])
    left = True
    while left:
        with draining(folder_of(home), 1_000_000) as drained:
            left = bool(drained and drained.lines)
            if drained:
                drained.keep()


def arrive(engine: Engine, home: Path, stream: HitStream, now: datetime) -> int:
    with Session(engine) as session:
        deliveries, links = _deliveries_and_links(session)
    seen = []
    for place, number in enumerate(deliveries):
        ip = f"198.51.{place // 250 % 250}.{place % 250}"
        for offset, link in ((0, None), (20, links[place % 3]), (40, None)):
            at = now - timedelta(minutes=30) + timedelta(milliseconds=place, seconds=offset)
            kind = OPEN if link is None else CLICK
            seen.append(
                Hit(uuid7(millis_of(at), os.urandom(10)), kind, number, link, "GET", _BROWSER, ip, {})
            )
    lines = [hits.write(hit) for hit in sorted(seen, key=lambda hit: hit.id)]
    spool = Spool(folder_of(home))
    for line in lines:
        spool.append(line)
    spool.close()
    for first in range(0, len(lines), 1000):
        stream.add(lines[first : first + 1000])
    return len(lines)


def _check(session: Session, count: int) -> None:
    """A figure counts only when nothing was lost on the way."""
    for table, wanted in (("hit", count), ("signal", count), ("unrated_signal", 0)):
        found = session.scalar(text(f"SELECT count(*) FROM {table}"))
        if found != wanted:
            raise RuntimeError(f"{table} has {found} rows instead of {wanted}")


def _copy_seconds(engine: Engine, count: int) -> float:
    """COPY of the same hits and signals into tables of the same shape, indexes included, in batches that are
    as large as those of recording and as durable."""
    plain = engine.url.set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        batches = []
        for table in ("hit", "signal"):
            connection.execute(f"DROP TABLE IF EXISTS {table}_copy")
            connection.execute(f"CREATE TABLE {table}_copy (LIKE {table} INCLUDING ALL)")
        for first in range(0, count, BATCH):
            for table in ("hit", "signal"):
                chosen = f"SELECT * FROM {table} ORDER BY id OFFSET {first} LIMIT {BATCH}"
                with connection.cursor().copy(f"COPY ({chosen}) TO STDOUT (FORMAT BINARY)") as out:
                    batches.append((table, b"".join(bytes(part) for part in out)))
        connection.commit()
        began = time.monotonic()
        for table, data in batches:
            with connection.cursor().copy(f"COPY {table}_copy FROM STDIN (FORMAT BINARY)") as into:
                into.write(data)
            if table == "signal":
                connection.commit()
        return time.monotonic() - began
