"""Leads ripen by the thousand while receivers fail and workers are killed: every one is told to everybody who
listens, under one id, with signatures that other implementations accept, and nobody waits for the slow.

A hundred crossings in the suite; `make fire` has ten thousand, or as many as NURTURE_CROSSINGS says.
"""

import base64
import json
import logging
import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import VerifyKey
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker
from standardwebhooks import Webhook

from nurture.files.vault import Vault
from nurture.flows.endpoints import Created, Receiver, create_endpoint, make_signing_key
from nurture.flows.hand_over import hand_over
from nurture.flows.ripen import ripen
from nurture.rules.tokens import KeyRing
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_model, ripe
from tests.sinks import free_port

log = logging.getLogger(__name__)
RING = KeyRing((b"k" * 32,))
BASE = "https://nurture.example"
SMALL, LARGE = 100, int(os.environ.get("NURTURE_CROSSINGS", "10000"))
WORKERS = 2
SLOW_SECONDS = 0.4
LOOK_SECONDS = 0.2
# A message that a receiver has refused so often is taken: ten refusals would be a message given up.
MOST_REFUSALS = 5

A_WORKER = """
import sys, time
from datetime import datetime
from pathlib import Path
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from nurture.files.vault import Vault
from nurture.flows.post_webhooks import post_webhooks
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.webhooks.post import Poster

clock = Path(sys.argv[2])
sessions = sessionmaker(create_engine(sys.argv[1], pool_size=20))
way = Way(private=True, connect_seconds=1, total_seconds=3)
poster = Poster(way, real_seconds=time.time)
vault = Vault(KeyRing((b"k" * 32,)))
while True:
    if not post_webhooks(sessions, poster, vault, now=datetime.fromisoformat(clock.read_text())):
        time.sleep(0.02)
"""


@dataclass
class Desk:
    """A receiver. `refuses` is the share of posts it does not take, by an error, a redirect or a broken
    connection; `slow` seconds before each answer."""

    seed: int
    refuses: float = 0.0
    slow: float = 0.0
    port: int = field(default_factory=free_port)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance, self._lock = random.Random(self.seed), threading.Lock()
        self._refusals: dict[str, int] = defaultdict(int)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def open(self) -> "Desk":
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = desk.judge({name.lower(): value for name, value in self.headers.items()}, body)
                time.sleep(desk.slow)
                if status:
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Stay quiet: the posts themselves are kept."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, address: Any) -> None:
                """A killed worker leaves broken connections."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def judge(self, headers: dict[str, str], body: bytes) -> int:
        """The status; 0 breaks the connection."""
        with self._lock:
            self.posts.append((headers, body))
            id = headers["webhook-id"]
            if self._chance.random() < self.refuses and self._refusals[id] < MOST_REFUSALS:
                self._refusals[id] += 1
                return self._chance.choice((500, 503, 302, 0))
            self.taken.add(id)
            return 200


@dataclass
class House:
    """The installation: its database, two posting processes, and the hand that kills them."""

    db: Session
    database_url: str
    clock: Path
    chance: random.Random
    now: datetime = TUESDAY
    killed: int = 0
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def staff(self) -> None:
        """As many workers as there should be."""
        self._tell_time()
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < WORKERS:
            command = [sys.executable, "-c", A_WORKER, self.database_url, str(self.clock)]
            self.workers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))

    def kill_one(self) -> None:
        victim = self.chance.choice(self.workers)
        victim.kill()
        victim.wait()
        self.killed += 1
        self.staff()

    def lapse(self) -> None:
        """Leases of the dead end at once: no post of a living worker is older than its three seconds."""
        old = "lease_until < clock_timestamp() + interval '55 seconds'"
        self.db.execute(text(f"UPDATE webhook_post SET lease_until = NULL, state = 'pending' WHERE {old}"))
        self.db.commit()

    def counts(self) -> dict[str, int]:
        self.db.rollback()
        rows = self.db.execute(text("SELECT state, count(*) AS posts FROM webhook_post GROUP BY state"))
        return {row.state: row.posts for row in rows}

    def leap(self) -> None:
        """When nothing is due, time goes on to what comes next, and a minute further."""
        self.db.rollback()
        query = "SELECT min(due_at) FROM webhook_post p JOIN webhook_endpoint e ON e.id = p.endpoint_id"
        due = self.db.execute(text(query + " WHERE p.state = 'pending'")).scalar_one()
        if due is not None and due > self.now:
            self.now = due + timedelta(minutes=1)
            self._tell_time()

    def _tell_time(self) -> None:
        """In one step: a worker may read at any moment."""
        beside = self.clock.with_suffix(".new")
        beside.write_text(self.now.isoformat())
        beside.replace(self.clock)

    def alive(self) -> None:
        assert all(worker.poll() is None for worker in self.workers), "a worker ended by itself"

    def end(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()


@pytest.fixture
def house(db: Session, database_url: str, tmp_path: Path) -> Iterator[House]:
    one = House(db, database_url, tmp_path / "clock", random.Random(9))
    yield one
    one.end()


@pytest.fixture
def desks() -> Iterator[dict[str, Desk]]:
    """Ten thousand are told to a steady receiver, one that refuses three in ten, a slow and a dead one."""
    made = {
        "steady": Desk(1).open(),
        "failing": Desk(2, refuses=0.3).open(),
        "slow": Desk(3, slow=SLOW_SECONDS).open(),
        "dead": Desk(4),
    }
    yield made
    for desk in made.values():
        if hasattr(desk, "_server"):
            desk.close()


def leads_ripen(db: Session, sessions: sessionmaker[Session], count: int) -> None:
    model = a_model(db)
    made = db.execute(
        text("""
            INSERT INTO lead (email, email_norm, first_name, temperature, stage, stage_since,
                temperature_since, created_at, updated_at)
            SELECT 'lead' || n || '@firm.example', 'lead' || n || '@firm.example', 'Lead ' || n, 'hot',
                'lead', :now, :now, :now, :now FROM generate_series(1, :count) AS n RETURNING id
        """),
        {"now": TUESDAY, "count": count},
    )
    ids = list(made.scalars())
    db.commit()
    for start in range(0, count, 500):
        ripen(db, [ripe(lead, model) for lead in ids[start : start + 500]], now=TUESDAY)
        db.commit()
    while hand_over(sessions, RING, BASE, now=TUESDAY, limit=500):
        pass


def listen(db: Session, desks: dict[str, Desk]) -> tuple[dict[str, Created], str]:
    """Endpoints for all of them; the steady one checks by a public key too."""
    vault = Vault(RING)
    made = {
        name: create_endpoint(
            db, vault, Receiver(desk.url, ["lead.hot"]), private=True, by="user:1", now=TUESDAY
        )
        for name, desk in desks.items()
    }
    public = make_signing_key(db, vault, made["steady"].id, by="user:1", now=TUESDAY)
    db.commit()
    return made, public


@pytest.mark.parametrize("crossings", [SMALL, pytest.param(LARGE, marks=pytest.mark.fire)])
def test_every_crossing_is_told_once_whatever_fails(
    db: Session, sessions: sessionmaker[Session], house: House, desks: dict[str, Desk], crossings: int
) -> None:
    endpoints, public = listen(db, desks)
    leads_ripen(db, sessions, crossings)
    house.staff()
    began = time.monotonic()
    _until_the_steady_one_has_all(house, desks, crossings)
    steady_after = time.monotonic() - began
    assert len(desks["slow"].taken) < crossings, "the slow one was to be slow"
    assert desks["dead"].posts == []
    desks["slow"].slow = 0.0
    desks["dead"].open()
    _until_everybody_has_all(house, crossings * len(desks))
    _one_id_for_each_lead(desks, crossings)
    _every_signature_is_genuine(desks, endpoints, public)
    log.info(
        "%s crossings, %s posts, %s workers killed; the steady one done after %.0f s, all after %.0f s",
        crossings,
        sum(len(desk.posts) for desk in desks.values()),
        house.killed,
        steady_after,
        time.monotonic() - began,
    )


def _until_the_steady_one_has_all(house: House, desks: dict[str, Desk], crossings: int) -> None:
    """Workers die on the way: at a tenth, a third and two thirds."""
    deaths = [crossings // 10, crossings // 3, crossings * 2 // 3]
    while len(desks["steady"].taken) < crossings:
        house.alive()
        if deaths and len(desks["steady"].taken) >= deaths[0]:
            deaths.pop(0)
            house.kill_one()
        house.lapse()
        time.sleep(LOOK_SECONDS)
    while deaths:
        deaths.pop()
        house.kill_one()


def _until_everybody_has_all(house: House, posts: int) -> None:
    """Time goes on from one retry to the next, and one worker more dies in the middle of them."""
    dies_at = posts * 9 // 10
    while (counts := house.counts()).get("delivered", 0) < posts:
        house.alive()
        assert counts.get("failed", 0) == 0, "a message was given up"
        if dies_at and counts["delivered"] >= dies_at:
            dies_at = 0
            house.kill_one()
        house.lapse()
        house.leap()
        time.sleep(LOOK_SECONDS)


def _one_id_for_each_lead(desks: dict[str, Desk], crossings: int) -> None:
    ids: dict[int, set[str]] = defaultdict(set)
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for desk in desks.values():
        assert len(desk.taken) == crossings
        for headers, body in _whole(desk):
            ids[json.loads(body)["data"]["lead"]["id"]].add(headers["webhook-id"])
            bodies[headers["webhook-id"]].add(body)
    assert len(ids) == len(bodies) == crossings
    assert {len(one) for one in ids.values()} == {len(one) for one in bodies.values()} == {1}


def _whole(desk: Desk) -> list[tuple[dict[str, str], bytes]]:
    """Its posts without those whose worker was killed in the middle of them."""
    return [(headers, body) for headers, body in desk.posts if len(body) == int(headers["content-length"])]


def _every_signature_is_genuine(desks: dict[str, Desk], endpoints: dict[str, Created], public: str) -> None:
    """By the package of the standard, and by libsodium for the key pair. The clock of the messages is the
    real one, whatever the engine lives in."""
    key = VerifyKey(base64.b64decode(public.removeprefix("whpk_")))
    for name, desk in desks.items():
        checker = Webhook(endpoints[name].secret)
        for headers, body in _whole(desk):
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            assert abs(time.time() - int(headers["webhook-timestamp"])) < timedelta(hours=1).total_seconds()
            shared, *openly = headers["webhook-signature"].split()
            at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=TUESDAY.tzinfo)
            assert checker.sign(headers["webhook-id"], at, body.decode()) == shared
            if name == "steady":
                [given] = openly
                key.verify(signed, base64.b64decode(given.removeprefix("v1a,")))
