"""Recorders judge side by side, and what comes out is what one alone would have said."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.flows.record import record
from nurture.rules import hits
from nurture.rules.hits import OPEN, Hit
from nurture.store import kept_pages, recorders
from tests.conftest import TUESDAY
from tests.flows.recording import clicked, counts, folder, hit, run, stream
from tests.mailed import Mailing, a_delivery, a_lead, a_mailing

__all__ = ["folder", "run", "stream"]

Sessions = sessionmaker[Session]
_HELD = """
    SELECT h.id, coalesce(latest.verdict, h.verdict) AS verdict FROM hit h
    LEFT JOIN LATERAL (
        SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id ORDER BY v.at DESC LIMIT 1
    ) latest ON true
"""
_FORGET = (
    "TRUNCATE hit, signal, unrated_signal, signal_verdict, turned_signal, step_count, step_day, kept_page"
)
_UNSEEN = """
    UPDATE delivery
    SET opened_at = NULL, clicked_at = NULL, machine_opened_at = NULL, machine_clicked_at = NULL
"""


def held(db: Session) -> dict[object, str]:
    """The verdict that holds of each hit."""
    db.rollback()
    return {row.id: row.verdict for row in db.execute(text(_HELD))}


def told(db: Session) -> tuple[object, ...]:
    """All that hits have brought: verdicts, counters, first opens and clicks, and signals that count."""
    verdicts = held(db)
    seen = "SELECT id, opened_at, clicked_at, machine_opened_at, machine_clicked_at FROM delivery ORDER BY id"
    counting = {number for number in db.scalars(text("SELECT id FROM signal")) if verdicts[number] == "human"}
    raised = {what: n for what, n in counts(db).items() if n}
    return verdicts, raised, db.execute(text(seen)).all(), counting


def forget(db: Session) -> None:
    db.execute(text(_FORGET))
    db.execute(text(_UNSEEN))
    db.commit()


def all_at_once(sessions: Sessions, stream: HitStream, folder: Path, many: int, limit: int) -> None:
    """So many recorders each have a page judged before the first of them may keep its own."""
    with ThreadPoolExecutor(many) as pool:
        with sessions.begin() as first:
            assert recorders.is_my_turn(first)
            at_work = [
                pool.submit(record, sessions, stream, [folder], now=TUESDAY, limit=limit) for _ in range(many)
            ]
            until = time.monotonic() + 1.5  # they wait for two seconds
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while first.scalar(text(waiting)) < many and time.monotonic() < until:
                time.sleep(0.01)
        for one in at_work:
            one.result()


def a_log(chance: Random, mailing: Mailing, deliveries: list[int]) -> list[Hit]:
    """Twenty minutes of readers, scanners of single mails and of whole companies, proxies and robots."""
    seen: list[Hit] = []
    for place, delivery in enumerate(deliveries):
        start = timedelta(seconds=chance.uniform(0, 1200))
        home = f"203.0.113.{place}"
        kind = chance.choice(("reader", "sweep", "gate", "robot", "checked", "proxy"))
        if kind == "reader":
            seen.append(hit(delivery, OPEN, at=TUESDAY + start, ip=home))
            seen.append(clicked(delivery, mailing, at=TUESDAY + start + timedelta(seconds=30), ip=home))
        for link in range(3) if kind == "sweep" else ():
            at = TUESDAY + start + timedelta(seconds=link * 0.5)
            seen.append(clicked(delivery, mailing, link, at=at, ip=f"192.0.2.{chance.randrange(4)}"))
        if kind == "gate":
            at = TUESDAY + timedelta(seconds=600 + chance.uniform(0, 4))
            seen.append(clicked(delivery, mailing, chance.randrange(3), at=at, ip="198.51.100.9"))
        if kind in ("robot", "checked"):
            at = TUESDAY + start
            ua = {"ua": "curl/8.5.0"} if kind == "robot" else {}
            seen.append(clicked(delivery, mailing, at=at, ip="192.0.2.77", **ua))
            seen.append(clicked(delivery, mailing, at=at + timedelta(seconds=2), ip=home))
        if kind == "proxy":
            seen.append(hit(delivery, OPEN, at=TUESDAY + start, ip="192.0.2.200", ua="Mozilla/5.0"))
    return sorted(seen, key=lambda one: one.id)


def test_a_crowd_that_is_cut_into_pages_is_seen_whole(
    db: Session, stream: HitStream, sessions: Sessions, folder: Path
) -> None:
    mailing = a_mailing(db)
    deliveries = [a_delivery(db, mailing, a_lead(db, f"lead{n}"), key=str(n)) for n in range(12)]
    gate = [
        clicked(one, mailing, at=TUESDAY + timedelta(seconds=n / 4), ip="198.51.100.9")
        for n, one in enumerate(deliveries)
    ]
    stream.add([hits.write(one) for one in gate])
    all_at_once(sessions, stream, folder, many=4, limit=3)
    assert held(db) == {one.id: "machine" for one in gate}
    assert {what: n for what, n in counts(db).items() if n} == {}


@pytest.mark.parametrize("seed", range(4))
def test_several_recorders_say_what_one_alone_says(
    db: Session, stream: HitStream, sessions: Sessions, run: Callable[[], int], folder: Path, seed: int
) -> None:
    chance, mailing = Random(seed), a_mailing(db)
    deliveries = [a_delivery(db, mailing, a_lead(db, f"lead{n}"), key=str(n)) for n in range(40)]
    log = [hits.write(one) for one in a_log(chance, mailing, deliveries)]
    stream.add(log)
    run()
    alone = told(db)
    forget(db)
    stream.add(log)
    for _round in range(6):
        all_at_once(sessions, stream, folder, many=3, limit=chance.randrange(2, 7))
    run()
    assert told(db) == alone


def test_whoever_missed_more_than_is_remembered_looks_at_everything(db: Session) -> None:
    first = kept_pages.latest(db)
    for place in range(kept_pages.REMEMBERED - 1):
        kept_pages.note(db, [place, f"198.51.100.{place}"])
    known = kept_pages.since(db, first)
    assert known is not None
    assert len(known) == 2 * (kept_pages.REMEMBERED - 1)
    kept_pages.note(db, [1000])
    assert kept_pages.since(db, first) is None
    assert kept_pages.since(db, kept_pages.latest(db) - 1) == {1000}
