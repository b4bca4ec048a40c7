"""How long a click waits at the door while reports load beside it, with 200,000 leads behind them.

The door is asked at a usual rate by wrk; two people meanwhile open one report after the other, as fast as
these come. Once the pages and the door are one process, as `nurture up` starts them; once the door has a
process of its own (NURTURE_TRACKING_BIND). The bound is the same door while nobody looks at reports.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from bench import _base, _rooms, _wrk
from bench.pages import EMAIL, PASSWORD, SIZES
from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.errors import Unavailable
from nurture.flows.keep_forecast import keep_forecast
from nurture.flows.lead_figures import keep_lead_figures
from nurture.flows.users import create_user
from nurture.migrations import upgrade
from nurture.rules.tokens import mint
from nurture.runtime import Runtime, build, make_engine

FIGURE = "hits_p99_beside_reports_ms"
SECONDS = {"small": 8, "full": 30}
RATE = 500
READERS = 2
REPORTS = (
    "/",
    "/programs/1/statistics?days=all",
    "/chains/1/statistics?days=all",
    "/leads?sort=-heat&view=all",
    "/models/potential",
    "/models/readiness",
    "/calendar",
    "/programs/1/plan",
)


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The figure, as the line that `make bench` prints. `say` takes lines for people."""
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder:
        prepare(Path(folder), *SIZES[scale])
        return measure(Path(folder), SECONDS[scale], say)


def prepare(home: Path, leads: int, signals: int) -> None:
    """A base of leads as after years, and somebody who may look at its reports."""
    with servers(load_settings(_env(home))) as addresses:
        engine = make_engine(addresses.database_url, pool=2)
        upgrade(engine)
        steps = _base.make(engine, leads=leads, signals=signals)
        _rooms.furnish(engine, leads=leads, steps=steps)
        sessions = sessionmaker(engine)
        with sessions.begin() as session:
            create_user(session, EMAIL, "admin", PASSWORD, name="Mira", now=_base.NOW)
        keep_lead_figures(sessions, now=_base.NOW)
        keep_forecast(sessions, now=_base.NOW)
        engine.dispose()


def measure(home: Path, seconds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The same for a base that stands there already."""
    env = _env(home)
    settings = load_settings(env)
    with servers(settings) as addresses, ExitStack() as kept:
        given = {"NURTURE_DATABASE_URL": addresses.database_url, "NURTURE_REDIS_URL": addresses.redis_url}
        paths = _paths(build(settings, addresses))
        pages, door = _free_port(), _free_port()
        kept.enter_context(_web(env | given | {"NURTURE_BIND": f"127.0.0.1:{pages}"}, pages))
        of_its_own = env | given | {"NURTURE_TRACKING_BIND": f"127.0.0.1:{door}"}
        kept.enter_context(_web(of_its_own, door, "--only", "tracking"))
        found = {}
        for name, port in (("one process", pages), ("a process of its own", door)):
            _wrk.load(home, port, paths, seconds=1, rate=RATE)
            alone = _wrk.load(home, port, paths, seconds=seconds, rate=RATE)
            with _reading(pages) as read:
                beside = _wrk.load(home, port, paths, seconds=seconds, rate=RATE)
            if alone.failed or beside.failed or not read.pages:
                raise Unavailable(f"{alone.failed + beside.failed} requests failed, {read.pages} pages came.")
            found[name] = (alone, beside)
            say(
                f"  {name}: p99 {beside.p99_ms:.1f} ms at {beside.per_second:.0f} a second beside"
                f" {read.pages} reports, {1000 * read.seconds / read.pages:.0f} ms each;"
                f" {alone.p99_ms:.1f} ms alone"
            )
    (alone, beside), (_own_alone, own_beside) = found.values()
    return {
        "figure": FIGURE,
        "value": round(beside.p99_ms, 1),
        "unit": "ms",
        "own_process": round(own_beside.p99_ms, 1),
        "bound": round(alone.p99_ms, 1),
        "bound_name": "nobody looks at reports",
        "ratio": round(alone.p99_ms / beside.p99_ms, 2),
    }


@dataclass
class _Read:
    """What the readers of reports have got, and how long they waited for it in all."""

    pages: int = 0
    seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, seconds: float) -> None:
        with self._lock:
            self.pages += 1
            self.seconds += seconds


@contextmanager
def _reading(port: int) -> Iterator[_Read]:
    """Two people open report after report, for as long as the block lasts."""
    found, over = _Read(), threading.Event()
    clients = [_signed_in(port) for _reader in range(READERS)]

    def look(client: httpx.Client, first: int) -> None:
        at = first
        while not over.is_set():
            began = time.monotonic()
            client.get(REPORTS[at % len(REPORTS)]).raise_for_status()
            found.note(time.monotonic() - began)
            at += 1

    threads = [
        threading.Thread(target=look, args=(client, place * len(REPORTS) // READERS))
        for place, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        over.set()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()


def _signed_in(port: int) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    answers = {"csrf_token": token[1] if token else "", "email": EMAIL, "password": PASSWORD}
    if client.post("/sign-in", data=answers).status_code not in (302, 303):
        raise Unavailable("Nobody could sign in.")
    return client


def _paths(runtime: Runtime) -> Sequence[str]:
    """Openings and clicks of many mails."""
    with Session(runtime.engine) as session:
        deliveries = list(session.scalars(text("SELECT id FROM delivery ORDER BY id LIMIT 20000")))
        link = session.scalar(text("SELECT max(id) FROM link WHERE no > 0"))
    ring = runtime.ring
    runtime.close()
    opens = [f"/o/{mint(ring, 'open', one)}.gif" for one in deliveries]
    clicks = [f"/c/{mint(ring, 'click', one, link or 0)}" for one in deliveries]
    return [path for pair in zip(opens, clicks, strict=True) for path in pair]


def _env(home: Path) -> dict[str, str]:
    """The clock stands where the made base does."""
    return {"NURTURE_HOME": str(home), "NURTURE_LIVE": "1", "NURTURE_CLOCK_START": _base.NOW.isoformat()}


@contextmanager
def _web(env: dict[str, str], port: int, *words: str) -> Iterator[None]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")}
    web = subprocess.Popen(
        [sys.executable, "-m", "nurture", "web", *words],
        env=inherited | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(web, port)
        yield
    finally:
        web.terminate()
        web.wait(20)


def _wait_for(web: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until and web.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise Unavailable("The web server did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
