"""Seconds from the word to send until the first mail of a newsletter is with the mail server, over a million
leads: one to everybody, and one to the readers of a segment of ten conditions; and what the worker holds.

The base is that of the segments. The worker is a process of its own with all streams of a pump. The bound is
the count of the segment alone, which scheduling shows to the marketer before anything goes out.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from bench._postfix import sink
from bench.segment import LEADS, NOW, TEN, make_base
from bench.worker import high_water_mb
from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.flows import edit_newsletters, segments
from nurture.jobs.streams import streams
from nurture.migrations import upgrade
from nurture.runtime import make_engine, opened

FIGURE = ("newsletter_start_s", "worker_mb")
AUDIENCES: dict[str, dict[str, Any]] = {"a segment": TEN, "everybody": {}}
SENT = {"small": 3_000, "full": 30_000}
PATIENCE_SECONDS = 600


def run(scale: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    count = LEADS[scale]
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder, sink() as port:
        env = {"NURTURE_HOME": folder, "NURTURE_SMTP_URL": f"smtp://127.0.0.1:{port}", "NURTURE_LIVE": "1"}
        with servers(load_settings(env)) as addresses:
            engine = make_engine(addresses.database_url, pool=4)
            upgrade(engine)
            sessions = sessionmaker(engine, expire_on_commit=False)
            make_base(sessions, count, say)
            with sessions.begin() as session:
                session.execute(text("UPDATE installation SET sender_email = 'anna@news.example'"))
            began = time.monotonic()
            with sessions() as session:
                segments.preview(session, TEN, now=NOW, some=0)
            bare = time.monotonic() - began
            mine, other = multiprocessing.get_context("spawn").Pipe()
            worker = multiprocessing.get_context("spawn").Process(target=_work, args=(env, other))
            worker.start()
            idle = float(_told(mine))
            started = {name: _start(sessions, mine, say, name) for name in AUDIENCES}
            mine.send(SENT[scale])
            most = float(_told(mine))
            worker.join(PATIENCE_SECONDS)
            engine.dispose()
    slowest = max(started.values())
    say(f"  idle {idle:.0f} MB, after {SENT[scale]:,} mails to {count:,} readers {most:.0f} MB")
    return [
        {
            "figure": FIGURE[0], "value": round(slowest, 2), "unit": "s", "bound": round(bare, 2),
            "bound_name": "counting the segment", "ratio": round(bare / slowest, 2),
        },
        {
            "figure": FIGURE[1], "value": round(most, 1), "unit": "MB", "bound": round(idle, 1),
            "bound_name": "the same process, idle", "ratio": round(idle / most, 2),
        },
    ]  # fmt: skip


def _start(
    sessions: sessionmaker[Session], worker: Connection, say: Callable[[str], None], name: str
) -> float:
    """Seconds until its first mail is accepted, its scheduling among them."""
    said: dict[str, Any] = {"name": name, "subject": "News", "body": "Hello {{ lead.first_name }}."}
    with sessions.begin() as session:
        number = edit_newsletters.create(
            session, {**said, "audience": AUDIENCES[name]}, by="bench", now=NOW
        ).id
    began = time.monotonic()
    with sessions.begin() as session:
        edit_newsletters.schedule(session, number, by="bench", now=NOW)
    scheduled = time.monotonic() - began
    worker.send(number)
    _told(worker)
    took = time.monotonic() - began
    if AUDIENCES[name]:  # the next one has the server to itself
        with sessions.begin() as session:
            edit_newsletters.cancel(session, number, by="bench", now=NOW)
    say(f"  to {name}: scheduled after {scheduled:.2f} s, the first mail sent after {took:.2f} s")
    return took


def _told(worker: Connection) -> Any:
    if not worker.poll(PATIENCE_SECONDS):
        raise RuntimeError("the worker did not come to its end")
    return worker.recv()


def _work(env: dict[str, str], parent: Connection) -> None:
    """The worker: two newsletters until each has begun, then so many mails; it tells its highest mark."""
    with opened(load_settings(env)) as runtime, streams(runtime) as work:
        parent.send(high_water_mb())
        serve = {stream.name: stream.serve for stream in work}

        def turn() -> None:
            serve["newsletters"](NOW)
            serve["deliver"](NOW)

        for _newsletter in AUDIENCES:
            number = parent.recv()
            while not _sent(runtime.sessions, number):
                turn()
            parent.send("begun")
        wanted = parent.recv()
        while _sent(runtime.sessions, number) < wanted:
            turn()
        parent.send(high_water_mb())


def _sent(sessions: sessionmaker[Session], number: int) -> int:
    query = "SELECT coalesce(sum(n), 0) FROM newsletter_count WHERE newsletter_id = :id AND what = 'sent'"
    with sessions() as session:
        return int(session.execute(text(query), {"id": number}).scalar_one())
