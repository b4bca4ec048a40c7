"""Whether a worker holds more and more: one process with all streams of a pump, fed with mails and with the
opens and clicks on them for minutes on end. The figure is the slope of its resident memory after the first
third, in which caches fill, as megabytes an hour.
"""

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

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

FIGURE = "soak_mb_per_hour"
SECONDS = {"small": 30, "full": 1200}
LEADS = 5_000
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
_A_BEAT, _BEAT_SECONDS = 300, 1.0
_MOST_MB_AN_HOUR = 30.0
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

_QUEUE = text("""
    INSERT INTO delivery (dedup_key, purpose, consent_purpose, lead_id, mail_version_id, due_at, created_at)
    SELECT 'soak:' || :beat || ':' || l.id, 'chain', 'marketing', l.id, (SELECT max(id) FROM mail_version),
           :now, :now
    FROM lead l WHERE l.id % :parts = :beat % :parts
""")
_SENT = text("SELECT id FROM delivery WHERE dedup_key LIKE 'soak:' || :beat || ':%' AND state = 'sent'")


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The figure, as the line that `make bench` prints. `say` takes lines for people."""
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder, sink() as port:
        env = {"NURTURE_HOME": folder, "NURTURE_SMTP_URL": f"smtp://127.0.0.1:{port}", "NURTURE_LIVE": "1"}
        with servers(load_settings(env)) as addresses:
            prepare(addresses.database_url, LEADS, Path(folder))
            engine = create_engine(addresses.database_url)
            with engine.begin() as connection:
                connection.execute(text("UPDATE heat_model SET key = 'default'"))
            samples = _soak(env, engine, addresses.redis_url, SECONDS[scale], say)
            engine.dispose()
    late = samples[len(samples) // 3 :]
    slope = statistics.linear_regression(*zip(*late, strict=True)).slope * 3600
    first, last = late[0][1], late[-1][1]
    say(f"  {first:.1f} MB after a third, {last:.1f} MB at the end: {slope:+.1f} MB an hour")
    return {
        "figure": FIGURE,
        "value": round(slope, 1),
        "unit": "MB/h",
        "bound": _MOST_MB_AN_HOUR,
        "bound_name": f"flat, over {SECONDS[scale]} s",
        "ratio": round(last / first, 3),
    }


def _soak(
    env: dict[str, str], engine: Engine, redis_url: str, seconds: float, say: Callable[[str], None]
) -> list[tuple[float, float]]:
    context = multiprocessing.get_context("spawn")
    mine, other = context.Pipe()
    worker = context.Process(target=_work, args=(env, other), daemon=True)
    worker.start()
    mine.recv()
    stream = HitStream(Redis.from_url(redis_url))
    began, beat, hits_sent = time.monotonic(), 0, 0
    samples = []
    while time.monotonic() - began < seconds:
        beat += 1
        with engine.begin() as connection:
            connection.execute(_QUEUE, {"beat": beat, "parts": LEADS // _A_BEAT, "now": NOW})
            sent = list(connection.scalars(_SENT, {"beat": beat - 3}))
            links = list(connection.scalars(text("SELECT id FROM link ORDER BY id")))
        lines = [hits.write(_hit(number, links, beat)) for number in sent]
        if lines:
            stream.add(lines)
        hits_sent += len(lines)
        time.sleep(_BEAT_SECONDS)
        samples.append((time.monotonic() - began, _resident_mb(worker.pid or 0)))
    mine.send("stop")
    most = mine.recv()
    worker.join(30)
    with engine.connect() as connection:
        mails = connection.scalar(text("SELECT count(*) FROM delivery WHERE state = 'sent'"))
        taken = connection.scalar(text("SELECT count(*) FROM hit"))
    say(f"  {mails} mails sent, {taken} of {hits_sent} hits taken in, {most:.0f} MB at most")
    if not mails or not taken:
        raise RuntimeError("nothing was done: the figure would say nothing")
    return samples


def _hit(delivery_id: int, links: list[int], beat: int) -> Hit:
    at = LATER + timedelta(seconds=beat)
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
                stream.serve(LATER + timedelta(hours=2) if stream.name != "deliver" else NOW)
        parent.send(high_water_mb())


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
