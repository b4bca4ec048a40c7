"""Whether a worker holds more and more, fed with mails and with the opens and clicks on them for minutes on
end. Two share the work: `worker.py` as operators run it, whose job is a new process every 50 seconds, and one
process whose turn never ends, which is harder than life. The figures are slopes after the first third, in
which caches fill, as megabytes an hour: of the highest mark of each turn, and of the endless one's memory.
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from redis import Redis
from sqlalchemy import Engine, create_engine, text

from bench._postfix import sink
from bench.send import prepare
from bench.worker import high_water_mb
from nurture.buffers.stream import HitStream
from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.jobs.streams import streams
from nurture.rules import hits
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.runtime import opened
from nurture.store import partitions

FIGURE = ("soak_mb_per_hour", "soak_endless_mb_per_hour")
SECONDS = {"small": 130, "full": 1200}
LEADS = 5_000
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
_A_BEAT, _BEAT_SECONDS = 300, 1.0
_MOST_MB_AN_HOUR = 30.0
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

_QUEUE = text("""
    INSERT INTO delivery (dedup_key, purpose, consent_purpose, lead_id, mail_version_id, due_at, created_at)
    SELECT 'soak:' || :beat || ':' || l.id, 'chain', 'marketing', l.id, (SELECT max(id) FROM mail_version),
           :now, :now
    FROM lead l WHERE l.id % :parts = :beat % :parts
""")
_LINKS = text("SELECT id FROM link WHERE no > 0 ORDER BY id")
_SENT = text("SELECT id FROM delivery WHERE dedup_key LIKE 'soak:' || :beat || ':%' AND state = 'sent'")


@dataclass
class Seen:
    """Megabytes by seconds: of the endless process, and of the worker with its job, by the pid of the job."""

    endless: list[tuple[float, float]] = field(default_factory=list)
    turns: dict[int, list[tuple[float, float]]] = field(default_factory=dict)

    def look(self, at: float, endless: int, worker: psutil.Process) -> None:
        self.endless.append((at, _resident_mb(endless)))
        for job in worker.children():
            with suppress(psutil.Error):  # a turn may end while it is looked at
                held = _held_mb(worker) + _held_mb(job)
                self.turns.setdefault(job.pid, []).append((at, held))

    def marks(self) -> list[tuple[float, float]]:
        """The highest mark of each turn, at its beginning."""
        return [
            (turn[0][0], max(held for _at, held in turn)) for turn in self.turns.values() if len(turn) > 5
        ]


def run(scale: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The two figures, as the lines that `make bench` prints. `say` takes lines for people."""
    seconds = SECONDS[scale]
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder, sink() as port:
        env = {
            "NURTURE_HOME": folder,
            "NURTURE_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "NURTURE_LIVE": "1",
            "NURTURE_CLOCK_START": NOW.isoformat(),
        }
        with servers(load_settings(env)) as addresses:
            prepare(addresses.database_url, LEADS, Path(folder))
            engine = create_engine(addresses.database_url)
            with engine.begin() as connection:
                connection.execute(text("UPDATE heat_model SET key = 'default'"))
            seen = _soak(env, engine, addresses.redis_url, seconds, say)
            engine.dispose()
    return [
        _line(FIGURE[0], "the highest mark of a turn", seen.marks(), seconds, say),
        _line(FIGURE[1], "a turn without an end", seen.endless, seconds, say),
    ]


def _line(
    figure: str,
    what: str,
    samples: Sequence[tuple[float, float]],
    seconds: float,
    say: Callable[[str], None],
) -> dict[str, Any]:
    late = samples[len(samples) // 3 :]
    slope = statistics.linear_regression(*zip(*late, strict=True)).slope * 3600
    first, last = late[0][1], late[-1][1]
    say(f"  {what}: {first:.1f} MB after a third, {last:.1f} MB at the end, {slope:+.1f} MB an hour")
    return {
        "figure": figure,
        "value": round(slope, 1),
        "unit": "MB/h",
        "bound": _MOST_MB_AN_HOUR,
        "bound_name": f"flat, over {seconds} s",
        "ratio": round(last / first, 3),
    }


def _soak(
    env: dict[str, str], engine: Engine, redis_url: str, seconds: float, say: Callable[[str], None]
) -> Seen:
    context = multiprocessing.get_context("spawn")
    mine, other = context.Pipe()
    endless = context.Process(target=_work, args=(env, other), daemon=True)
    endless.start()
    mine.recv()
    with _worker(env) as worker:
        seen = _feed(engine, redis_url, seconds, endless.pid or 0, worker, say)
    mine.send("stop")
    most = mine.recv()
    endless.join(30)
    say(f"  {len(seen.turns)} turns; at most {most:.0f} MB in the one without an end")
    return seen


@contextmanager
def _worker(env: dict[str, str]) -> Iterator[psutil.Process]:
    """`worker.py` with its scheduler, as a process manager runs it."""
    command = [sys.executable, str(ROOT / "worker.py"), "pump", "--schedule"]
    log = Path(env["NURTURE_HOME"]) / "worker.log"
    with log.open("wb") as out, subprocess.Popen(command, env={**os.environ, **env}, stderr=out) as running:
        try:
            yield psutil.Process(running.pid)
        finally:
            running.terminate()


def _feed(
    engine: Engine,
    redis_url: str,
    seconds: float,
    endless: int,
    worker: psutil.Process,
    say: Callable[[str], None],
) -> Seen:
    stream = HitStream(Redis.from_url(redis_url))
    began, beat, hits_sent, seen = time.monotonic(), 0, 0, Seen()
    while time.monotonic() - began < seconds:
        beat += 1
        now = NOW + timedelta(seconds=time.monotonic() - began)
        with engine.begin() as connection:
            connection.execute(_QUEUE, {"beat": beat, "parts": LEADS // _A_BEAT, "now": now})
            sent = list(connection.scalars(_SENT, {"beat": beat - 3}))
            links = list(connection.scalars(_LINKS))
        lines = [hits.write(_hit(number, links, now)) for number in sent]
        if lines:
            stream.add(lines)
        hits_sent += len(lines)
        time.sleep(_BEAT_SECONDS)
        seen.look(time.monotonic() - began, endless, worker)
    with engine.connect() as connection:
        mails = connection.scalar(text("SELECT count(*) FROM delivery WHERE state = 'sent'"))
        taken = connection.scalar(text("SELECT count(*) FROM hit"))
    say(f"  {mails} mails sent, {taken} of {hits_sent} hits taken in")
    if not mails or not taken:
        raise RuntimeError("nothing was done: the figure would say nothing")
    return seen


def _hit(delivery_id: int, links: list[int], at: datetime) -> Hit:
    link = links[delivery_id % len(links)] if delivery_id % 2 else None
    ip = f"198.51.{delivery_id // 250 % 250}.{delivery_id % 250}"
    ready = uuid7(millis_of(at), os.urandom(10))
    return Hit(ready, CLICK if link else OPEN, delivery_id, link, "GET", _BROWSER, ip, {})


def _work(env: dict[str, str], parent: Connection) -> None:
    with opened(load_settings(env)) as runtime, streams(runtime) as work:
        with runtime.sessions.begin() as session:
            partitions.ensure(session, now=NOW)
        parent.send("ready")
        while not parent.poll(0.01):
            for stream in work:
                stream.serve(runtime.now())
        parent.send(high_water_mb())


def _held_mb(process: psutil.Process) -> float:
    """What it shares with others counts in parts (proc(5), Pss): a job is a fork of its worker."""
    return float(process.memory_full_info().pss) / 2**20


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
