"""Hits of people and machines as the tracking door brings them, and what became of them."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.flows.record import record
from nurture.rules import hits
from nurture.rules.hits import CLICK, Hit
from nurture.rules.ids import millis_of, uuid7
from tests.conftest import TUESDAY
from tests.mailed import Mailing

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
