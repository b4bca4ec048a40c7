"""A made-up log comes in piece by piece, through the tables, and is settled as time goes by: when every look
has been taken, people's clicks count as they do with all of it known at once, and machines' do not."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.flows.count_clicks import count_clicks
from nurture.flows.record import record
from nurture.rules import hits as lines
from nurture.rules.hits import CLICK, TRAP_LABEL, Hit
from nurture.rules.robots import HUMAN
from tests.mailed import Mailing, a_mailing
from tests.rules.gated_shapes import TRAP
from tests.rules.hit_shapes import Log
from tests.rules.session_shapes import sessions as a_log_of_sessions

PAGE, STALL, DAY = timedelta(seconds=2), timedelta(seconds=60), timedelta(days=1)


def test_what_overlaps_is_told_apart_as_it_happens(
    db: Session, sessions: sessionmaker[Session], redis_client: Redis, tmp_path: Path
) -> None:
    log = a_log_of_sessions(16, 82)
    came = _sent(db, log, a_mailing(db))
    _happens(sessions, HitStream(redis_client), tmp_path / "spool", came)
    verdicts = _last_verdicts(db)
    clicks = [told for told in log.told if told.hit.kind == CLICK]
    seen: Counter[bool] = Counter(told.bot for told in clicks)
    wrong: Counter[bool] = Counter(
        told.bot for told in clicks if (verdicts[str(told.hit.id)] == HUMAN) == told.bot
    )
    assert seen[True] > 500
    assert seen[False] > 300
    assert wrong[True] <= 0.01 * seen[True], wrong
    assert wrong[False] <= 0.01 * seen[False], wrong


def _sent(db: Session, log: Log, mailing: Mailing) -> list[Hit]:
    """The mails of the log, accepted by their servers, and its hits with the links of the tables."""
    links = {
        (most, place): number
        for most in sorted({mail.links for mail in log.mails.values()})
        for place, number in _written(db, mailing, most).items()
    }
    versions = {most: number for (most, place), number in links.items() if place is None}
    mails = [log.mails[number] for number in sorted(log.mails)]
    given = {
        "ids": [mail.number for mail in mails],
        "to": [mail.address for mail in mails],
        "at": [mail.sent for mail in mails],
        "words": [versions[mail.links] for mail in mails],
        "program": mailing.program_id,
        "chain": mailing.chain_id,
        "version": mailing.version_id,
    }
    db.execute(
        text("""
            INSERT INTO lead (id, email, email_norm, stage_since, temperature_since, created_at, updated_at)
            OVERRIDING SYSTEM VALUE
            SELECT g.id, g.address, g.address || g.id, g.at, g.at, g.at, g.at
            FROM unnest(CAST(:ids AS bigint[]), CAST(:to AS text[]), CAST(:at AS timestamptz[]))
                AS g (id, address, at)
        """),
        given,
    )
    db.execute(
        text("""
            INSERT INTO delivery (id, dedup_key, purpose, consent_purpose, lead_id, program_id, chain_id,
                version_id, step_key, mail_version_id, params, state, due_at, created_at, sent_at, address)
            OVERRIDING SYSTEM VALUE
            SELECT g.id, 'log:' || g.id, 'chain', 'marketing', g.id, :program, :chain, :version, 'welcome',
                g.words, '{}', 'sent', g.at, g.at, g.at, g.address
            FROM unnest(CAST(:ids AS bigint[]), CAST(:to AS text[]), CAST(:at AS timestamptz[]),
                CAST(:words AS bigint[])) AS g (id, address, at, words)
        """),
        given,
    )
    db.commit()
    found = []
    for told in sorted(log.told, key=lambda told: told.hit.id.int):
        hit = told.hit
        if hit.link_id is not None:
            link = links[log.mails[hit.delivery_id].links, hit.link_id % 100]
            hit = Hit(hit.id, hit.kind, hit.delivery_id, link, hit.method, hit.ua, hit.ip, hit.headers)
        found.append(hit)
    return found


def _written(db: Session, mailing: Mailing, most: int) -> dict[int | None, int]:
    """A mail of so many links and one that nobody sees: their numbers, and at None its own."""
    given = {"no": 100 + most, "like": mailing.mail_version_id}
    version = db.scalar(
        text("""
            INSERT INTO mail_version (mail_id, no, source, source_hash, subject, compiled, created_at)
            SELECT mail_id, :no, source, '', subject, compiled, created_at FROM mail_version WHERE id = :like
            RETURNING id
        """),
        given,
    )
    found = {None: int(version or 0)}
    for place in (*range(most), TRAP):
        label = TRAP_LABEL if place == TRAP else f"link {place}"
        number = db.scalar(
            text("""
                INSERT INTO link (mail_version_id, no, url, label)
                VALUES (:version, :no, 'https://shop.example/' || :no, :label) RETURNING id
            """),
            {"version": version, "no": place + 1, "label": label},
        )
        found[place] = int(number or 0)
    return found


def _happens(sessions: sessionmaker[Session], stream: HitStream, spool: Path, came: list[Hit]) -> None:
    """Page by page, and settled every minute in which something came, and when nothing came for a while."""
    settled, start = came[0].at, 0
    while start < len(came):
        end = next((n for n in range(start, len(came)) if came[n].at - came[start].at > PAGE), len(came))
        now = came[end - 1].at
        stream.add([lines.write(one) for one in came[start:end]])
        record(sessions, stream, [spool], now=now, stall=STALL)
        following = came[end].at if end < len(came) else now + 2 * DAY
        if now - settled > STALL / 4 or following - now > STALL:
            settled = min(following, now + STALL) if following - now > STALL else now
            _settle(sessions, settled)
        start = end
    for wait in (STALL, DAY, 2 * DAY):
        _settle(sessions, came[-1].at + wait)


def _settle(sessions: sessionmaker[Session], now: datetime) -> None:
    while count_clicks(sessions, now=now):
        pass


def _last_verdicts(db: Session) -> dict[str, str]:
    db.rollback()
    rows = db.execute(
        text("""
            SELECT h.id, coalesce((SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id
                                   ORDER BY v.at DESC LIMIT 1), h.verdict) AS verdict
            FROM hit h
        """)
    )
    return {str(row.id): row.verdict for row in rows}
