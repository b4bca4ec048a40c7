"""Megabytes a worker holds at most while it sends mails, takes in the opens and clicks that they bring,
and rates them: a fresh process with all streams of a pump, served until nothing is left to do.

The bound is the same process before its first piece of work.
"""

import multiprocessing
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from redis import Redis
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from bench._postfix import sink
from bench.hits import MODEL, arrive
from bench.send import prepare
from nurture.buffers.stream import HitStream
from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.jobs.streams import Stream, streams
from nurture.rules.model import read
from nurture.runtime import opened
from nurture.store import models, partitions

FIGURE = "worker_rss_mb"
MAILS = {"small": 5_000, "full": 50_000}
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PATIENCE_SECONDS = 1200


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The figure, as the line that `make bench` prints. `say` takes lines for people."""
    count = MAILS[scale]
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder, sink() as port:
        env = {"NURTURE_HOME": folder, "NURTURE_SMTP_URL": f"smtp://127.0.0.1:{port}", "NURTURE_LIVE": "1"}
        with servers(load_settings(env)) as addresses:
            prepare(addresses.database_url, count, Path(folder))
            engine = create_engine(addresses.database_url)
            with Session(engine) as session, session.begin():
                partitions.ensure(session, now=NOW)
                _no, version_id, _new = models.add_version(session, read(MODEL), "bench", now=NOW, by="bench")
                models.set_live(session, version_id, now=NOW)
            mine, other = multiprocessing.get_context("spawn").Pipe()
            worker = multiprocessing.get_context("spawn").Process(target=_work, args=(env, other))
            worker.start()
            idle, sending = _told(mine), _told(mine)
            arrived = arrive(engine, Path(folder), HitStream(Redis.from_url(addresses.redis_url)), LATER)
            mine.send("go on")
            most = _told(mine)
            worker.join(PATIENCE_SECONDS)
            _check(engine, count, arrived)
            engine.dispose()
    say(f"  idle {idle:.0f} MB, after {count} mails {sending:.0f} MB, after {arrived} hits {most:.0f} MB")
    return {
        "figure": FIGURE,
        "value": round(most, 1),
        "unit": "MB",
        "bound": round(idle, 1),
        "bound_name": "the same process, idle",
        "ratio": round(idle / most, 2),
    }


def _told(worker: Connection) -> float:
    if not worker.poll(PATIENCE_SECONDS):
        raise RuntimeError("the worker did not come to its end")
    return float(worker.recv())


def _work(env: dict[str, str], parent: Connection) -> None:
    """The worker: it tells its highest mark when it is ready, has sent, and has rated."""
    with opened(load_settings(env)) as runtime, streams(runtime) as work:
        parent.send(high_water_mb())
        _serve(work, NOW)
        parent.send(high_water_mb())
        parent.recv()
        _serve(work, LATER)
        parent.send(high_water_mb())


def _serve(work: list[Stream], now: datetime) -> None:
    while sum(stream.serve(now) for stream in work):
        pass


def high_water_mb() -> float:
    """The most that was resident of this process at any moment so far (proc(5), VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not tell how much memory a process holds")


def _check(engine: Engine, mails: int, hits: int) -> None:
    """A figure counts only when everything was done."""
    with engine.connect() as connection:
        sent = connection.scalar(text("SELECT count(*) FROM delivery WHERE state = 'sent'"))
        signals = connection.scalar(text("SELECT count(*) FROM signal"))
        waiting = connection.scalar(text("SELECT count(*) FROM unrated_signal"))
    if (sent, signals, waiting) != (mails, hits, 0):
        raise RuntimeError(f"{sent} mails of {mails}, {signals} signals of {hits}, {waiting} not rated")
