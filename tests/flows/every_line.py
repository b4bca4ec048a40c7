"""A worker that records, settles and rates, killed at any line that it runs through, and what another one
then makes of what it left behind. All turns see the same moments, so all must come to the same."""

import json
import linecache
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from redis import Redis
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

import nurture
from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool, waiting_bytes
from nurture.flows.count_clicks import count_clicks
from nurture.flows.rate import rate
from nurture.flows.record import record
from nurture.flows.rejudge import rejudge
from nurture.rules import hits, visits
from nurture.rules.hits import OPEN
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.outside_events import VISITED
from nurture.rules.visits import Visit
from nurture.runtime import make_engine
from nurture.store.views import recounts
from nurture.store.views.orphans import orphans
from tests.conftest import TUESDAY
from tests.flows.deaths import wait_until_gone
from tests.flows.rated_leads import publish
from tests.flows.recording import CHROME, clicked, hit
from tests.mailed import SENT, Mailing, a_delivery, a_lead, a_mailing

LATER = TUESDAY + timedelta(minutes=5)
STALL = timedelta(minutes=1)
PAGE = 4  # lines at a time, so that a turn takes several
_OURS = str(Path(nurture.__file__).parent)
_LETTING_GO = ("keep()", "let_go(", "session.begin()", "xdel(")
_PEOPLE = ("anna", "otto", "dora", "vera")


@dataclass(frozen=True, order=True)
class Point:
    """The moment before a line of ours runs for the `passing`-th time."""

    file: str
    line: int
    passing: int

    @property
    def lets_go(self) -> bool:
        """Whether this is where something is committed, marked as drained, or let go of."""
        code = linecache.getline(f"{_OURS}/{self.file}", self.line)
        return any(word in code for word in _LETTING_GO)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} (passing {self.passing})"


@dataclass
class Stage:
    """A database with one program and a model that rates, a stream, and a folder for spools."""

    database_url: str
    redis_url: str
    folder: Path
    turns: int = 0
    _mailing: Mailing = field(init=False)
    _deliveries: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = sessionmaker(make_engine(self.database_url, pool=4), expire_on_commit=False)
        self.stream = HitStream(Redis.from_url(self.redis_url))
        publish(self.sessions)
        with self.sessions() as db:
            self._mailing = a_mailing(db)

    def arrive(self) -> None:
        """Another four get the mail. Anna opens it and follows a link. Otto's first click has been recorded
        and rated as a person's; now it shows that a machine follows all his links. Dora's mail is in doubt
        until she opens it. Vera looks at the website. Of one hit only the spool knows, of one only the
        stream."""
        self.turns += 1
        with self.sessions() as db:
            self._deliveries = {name: self._sent(db, name) for name in _PEOPLE}
            for statement in _COUNT_SENT:
                given = {"n": len(_PEOPLE), "day": SENT.date(), **self._step()}
                db.execute(text(statement), {key: given[key] for key in given if f":{key}" in statement})
            db.commit()
        self._come([self._click("otto", 0, seconds=-30)])
        record(self.sessions, self.stream, [self.folder], now=TUESDAY)
        rate(self.sessions, now=TUESDAY)
        both = [
            self._open("anna", seconds=-40),
            self._click("anna", 1, seconds=-20),
            self._click("otto", 1, seconds=-29.7),
            self._click("otto", 2, seconds=-29.4),
            self._visit("vera"),
        ]
        self._come(
            both, spooled=[self._open("anna", seconds=-35)], streamed=[self._open("dora", seconds=-33)]
        )

    def _step(self) -> dict[str, int]:
        return {"chain": self._mailing.chain_id, "version": self._mailing.version_id}

    def _sent(self, db: Session, name: str) -> int:
        state = "uncertain" if name == "dora" else "sent"
        return a_delivery(db, self._mailing, a_lead(db, f"{name}{self.turns}"), state=state)

    def _open(self, name: str, *, seconds: float) -> bytes:
        return hits.write(hit(self._deliveries[name], OPEN, **self._where(name, seconds)))

    def _click(self, name: str, link: int, *, seconds: float) -> bytes:
        return hits.write(clicked(self._deliveries[name], self._mailing, link, **self._where(name, seconds)))

    def _where(self, name: str, seconds: float) -> dict[str, Any]:
        ip = f"198.{18 + _PEOPLE.index(name)}.{self.turns // 250}.{self.turns % 250}"
        return {"at": TUESDAY + timedelta(seconds=seconds), "ip": ip}

    def _visit(self, name: str) -> bytes:
        at = TUESDAY - timedelta(seconds=10)
        return visits.write(
            Visit(
                uuid7(millis_of(at), os.urandom(10)),
                uuid4(),
                VISITED,
                "shop.example",
                "https://shop.example/pumps",
                "/pumps",
                visitor=uuid4().hex,
                delivery_id=self._deliveries[name],
                ua=CHROME,
            )
        )

    def _come(
        self, lines: Sequence[bytes], *, spooled: Sequence[bytes] = (), streamed: Sequence[bytes] = ()
    ) -> None:
        spool = Spool(self.folder)
        for line in [*lines, *spooled]:
            spool.append(line)
        spool.close()
        self.stream.add([*lines, *streamed])

    def work(self) -> None:
        """As a pump does, until nothing is left."""
        work(self.sessions, self.stream, self.folder)

    def passed(self) -> list[Point]:
        """Every line of ours that the work of this turn runs through, first and last passing, by a child
        that does it."""
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            self._child(_noting, lambda seen: os.write(writes, json.dumps(seen).encode()))
        os.close(writes)
        with os.fdopen(reads, "rb") as pipe:
            seen = json.loads(pipe.read())
        os.waitpid(child, 0)
        wait_until_gone(self.database_url)
        return sorted({Point(file, line, n) for file, line, often in seen for n in (1, often)})

    def dies_at(self, point: Point) -> bool:
        """Do the work of this turn in a child that is killed there; whether it lived to the end."""
        child = os.fork()
        if child == 0:
            self._child(lambda seen: _killing(seen, point), lambda seen: None)
        _, status = os.waitpid(child, 0)
        wait_until_gone(self.database_url)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, point
        return os.WIFEXITED(status)

    def _child(
        self, traced: Callable[[Counter[tuple[str, int]]], Any], tell: Callable[[list[Any]], object]
    ) -> None:
        seen: Counter[tuple[str, int]] = Counter()
        try:
            own = sessionmaker(
                create_engine(self.database_url, connect_args={"application_name": "doomed"}),
                expire_on_commit=False,
            )
            own_stream = HitStream(Redis.from_url(self.redis_url))
            sys.settrace(traced(seen))
            work(own, own_stream, self.folder)
            sys.settrace(None)
            tell([(file, line, often) for (file, line), often in seen.items()])
            os._exit(0)
        finally:
            os._exit(1)

    def outcome(self) -> dict[str, Any]:
        """What has become of the turn, by who it was."""
        with self.sessions() as db:
            found = {name: _of(db, number) for name, number in self._deliveries.items()}
        left = {"stream": self.stream.length(), "spool": waiting_bytes(self.folder)}
        return {**found, "left": left}

    def wrong(self) -> list[str]:
        """Counters that are not what they count, rows that name nothing, and what waits for nobody."""
        with self.sessions() as db:
            said = [f"{one.check}: {one}" for one in recounts.differences(db)]
            said += [str(one) for one in orphans(db)]
            for table in ("unrated_signal", "stalled_hit", "turned_signal"):
                said += [table] if db.scalar(text(f"SELECT EXISTS (SELECT FROM {table})")) else []
        return said


def work(sessions: sessionmaker[Session], stream: HitStream, folder: Path) -> None:
    """Record, then, when the stall is over, settle, take back and rate."""
    while record(sessions, stream, [folder], now=TUESDAY, limit=PAGE, stall=STALL):
        pass
    for serve in (count_clicks, rejudge, rate):
        while serve(sessions, now=LATER):
            pass


def _noting(seen: Counter[tuple[str, int]]) -> Any:
    return _tracer(seen, lambda place: None)


def _killing(seen: Counter[tuple[str, int]], point: Point) -> Any:
    def look(place: tuple[str, int]) -> None:
        if place == (point.file, point.line) and seen[place] == point.passing:
            os.kill(os.getpid(), signal.SIGKILL)

    return _tracer(seen, look)


def _tracer(seen: Counter[tuple[str, int]], look: Callable[[tuple[str, int]], None]) -> Any:
    def trace(frame: FrameType, event: str, argument: object) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(_OURS):
            return None
        if event == "line":
            place = (file[len(_OURS) + 1 :], frame.f_lineno)
            seen[place] += 1
            look(place)
        return trace

    return trace


_COUNT_SENT = (
    """
    INSERT INTO step_count (chain_id, version_id, step_key, what, n)
    VALUES (:chain, :version, 'welcome', 'sent', :n)
    ON CONFLICT (chain_id, version_id, step_key, what) DO UPDATE SET n = step_count.n + excluded.n
    """,
    """
    INSERT INTO step_day (chain_id, day, version_id, step_key, what, n)
    VALUES (:chain, :day, :version, 'welcome', 'sent', :n)
    ON CONFLICT (chain_id, day, version_id, step_key, what) DO UPDATE SET n = step_day.n + excluded.n
    """,
)
_HITS = """
    SELECT h.kind, h.received_at, coalesce((
        SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id ORDER BY v.at DESC LIMIT 1
    ), h.verdict) FROM hit h WHERE h.delivery_id = :id ORDER BY h.received_at, h.kind
"""
_SIGNALS = """
    SELECT s.kind, s.occurred_at FROM signal s JOIN delivery d ON d.lead_id = s.lead_id
    WHERE d.id = :id ORDER BY s.occurred_at, s.kind
"""
_DELIVERY = """
    SELECT d.state, d.opened_at, d.clicked_at, d.machine_opened_at, d.machine_clicked_at, l.temperature,
           l.touches_out, (SELECT count(*) FROM visit v WHERE v.lead_id = l.id)
    FROM delivery d JOIN lead l ON l.id = d.lead_id WHERE d.id = :id
"""
_HEAT = """
    SELECT round(CAST(h.pos_log2 AS numeric), 9), round(CAST(h.neg_log2 AS numeric), 9)
    FROM lead_heat h JOIN delivery d ON d.lead_id = h.lead_id WHERE d.id = :id
"""


def _of(db: Session, delivery_id: int) -> dict[str, list[tuple[Any, ...]]]:
    asked = {"hits": _HITS, "signals": _SIGNALS, "delivery": _DELIVERY, "heat": _HEAT}
    return {
        what: [tuple(row) for row in db.execute(text(statement), {"id": delivery_id})]
        for what, statement in asked.items()
    }
