"""Take in what the tracking doors wrote down: judge every hit, keep it, and turn people's hits into signals.

Hits come twice, by the stream (fast) and by the host's spool (sure), and each is known by its id. They are
let go of after the commit, so a death at any line brings some of them again, and again changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from redis import RedisError
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.spool import draining
from nurture.rules import hits as lines
from nurture.rules.hits import CLICK, OPEN, Hit, NotAHit
from nurture.rules.robots import HUMAN, judge
from nurture.rules.surroundings import GATE, NEAR, Surroundings, Trace
from nurture.store import hits, signals
from nurture.store.hits import FirstSeen, HitDelivery, HitLink, JudgedHit, Neighbour
from nurture.store.signals import NewSignal

log = structlog.get_logger()

# Mails to ourselves: whoever reads them is not the lead they may be about.
_NOT_FROM_LEADS = frozenset(("test", "notice"))
_SIGNAL_KINDS = {OPEN: "opened", CLICK: "clicked"}
TRAP_LABEL = "trap"


class Stream(Protocol):
    """The fast way: entries stay until they are trimmed. Every call may raise RedisError."""

    def read(self, limit: int) -> list[tuple[str, bytes]]: ...

    def trim(self, through: str) -> None: ...


def record(
    sessions: sessionmaker[Session],
    stream: Stream,
    spools: Sequence[Path],
    *,
    now: datetime,
    limit: int = 500,
) -> int:
    """Drain up to `limit` lines of the stream and of each spool of this host; how many were taken."""
    entries = _entries(stream, limit)
    with ExitStack() as stack:
        taken = [stack.enter_context(draining(folder, limit)) for folder in spools]
        drained = [one for one in taken if one is not None]
        spooled = [line for one in drained for line in one.lines]
        if entries or spooled:
            with sessions() as session, session.begin():
                if entries and not hits.may_drain_stream(session):
                    entries = []
                _take_in(session, _readable([*(line for _, line in entries), *spooled]), now)
        for one in drained:
            one.keep()
    if entries:
        _let_go(stream, entries[-1][0])
    return len(entries) + len(spooled)


def _entries(stream: Stream, limit: int) -> list[tuple[str, bytes]]:
    try:
        return stream.read(limit)
    except RedisError as fault:
        # Said softly, since it is asked twice a second: the feeds and /readyz say that Redis is away.
        log.debug("record.stream_away", error=type(fault).__name__)
        return []


def _let_go(stream: Stream, through: str) -> None:
    try:
        stream.trim(through)
    except RedisError as fault:
        log.warning("record.stream_not_trimmed", error=type(fault).__name__)


def _readable(raw: Iterable[bytes]) -> list[Hit]:
    """Each hit once, oldest first. What no door can have written (a line torn by a full disk) is counted
    in the log and passed over, so that it stops nobody behind it."""
    found: dict[object, Hit] = {}
    torn = 0
    for line in dict.fromkeys(raw):
        try:
            hit = lines.read(line)
        except NotAHit:
            torn += 1
        else:
            found[hit.id] = hit
    if torn:
        log.warning("record.unreadable_lines", count=torn)
    return sorted(found.values(), key=lambda hit: hit.id)


def _take_in(session: Session, batch: Sequence[Hit], now: datetime) -> None:
    known = hits.known(session, [hit.id for hit in batch])
    fresh = [hit for hit in batch if hit.id not in known]
    if not fresh:
        return
    deliveries = hits.deliveries_of(session, {hit.delivery_id for hit in fresh})
    seen: list[Hit | Neighbour] = [*fresh, *_recorded_near(session, fresh)]
    links = hits.links_of(session, {one.link_id for one in seen if one.link_id is not None})
    judged = list(_judged(fresh, deliveries, _surroundings(seen, links)))
    added = hits.add(session, judged)
    human = [one for one in judged if one.hit.id in added and one.verdict.verdict == HUMAN]
    signals.add(session, list(_signals(human, deliveries, links)), now=now)
    hits.mark_first(session, _first_seen([one.hit for one in human]))


def _recorded_near(session: Session, fresh: Sequence[Hit]) -> list[Neighbour]:
    """What was recorded shortly before and after the hits of the batch."""
    first, last = fresh[0].at, fresh[-1].at
    return [
        *hits.of_deliveries(session, {hit.delivery_id for hit in fresh}, first - NEAR, last + NEAR),
        *hits.of_addresses(session, {hit.ip for hit in fresh if hit.ip}, first - GATE, last),
    ]


def _surroundings(seen: Sequence[Hit | Neighbour], links: dict[int, HitLink]) -> Surroundings:
    traps = {number for number, link in links.items() if link.label == TRAP_LABEL}
    return Surroundings(
        Trace(one.delivery_id, one.kind, one.link_id, one.ip, one.at, one.link_id in traps) for one in seen
    )


def _judged(
    fresh: Sequence[Hit], deliveries: dict[int, HitDelivery], surroundings: Surroundings
) -> Iterator[JudgedHit]:
    for hit in fresh:
        delivery = deliveries.get(hit.delivery_id)
        context = surroundings.of(hit.delivery_id, hit.ip, hit.at, _since_sent(hit, delivery))
        yield JudgedHit(hit, _lead_behind(delivery), judge(hit, context))


def _since_sent(hit: Hit, delivery: HitDelivery | None) -> float | None:
    """Seconds from acceptance to the hit. While the message is still being handed over, only a machine at
    the gate can have seen it: 0."""
    if delivery is None:
        return None
    if delivery.sent_at is None:
        return 0.0 if delivery.state in ("leased", "sending") else None
    return (hit.at - delivery.sent_at).total_seconds()


def _lead_behind(delivery: HitDelivery | None) -> int | None:
    return None if delivery is None or delivery.purpose in _NOT_FROM_LEADS else delivery.lead_id


def _signals(
    human: Sequence[JudgedHit], deliveries: dict[int, HitDelivery], links: dict[int, HitLink]
) -> Iterator[NewSignal]:
    for one in human:
        if one.lead_id is None:
            continue
        mail_key = deliveries[one.hit.delivery_id].mail_key
        yield NewSignal(
            lead_id=one.lead_id,
            kind=_SIGNAL_KINDS[one.hit.kind],
            occurred_at=one.hit.at,
            source="tracking",
            delivery_id=one.hit.delivery_id,
            mail_key=mail_key,
            data={"mail": mail_key} | _followed(one.hit, links),
            id=one.hit.id,
        )


def _followed(hit: Hit, links: dict[int, HitLink]) -> dict[str, str]:
    link = links.get(hit.link_id) if hit.link_id is not None else None
    return {"link": link.label or link.url, "url": link.url} if link else {}


def _first_seen(human: Sequence[Hit]) -> list[FirstSeen]:
    """The earliest open and click of each delivery by people; `human` is sorted by time."""
    opened: dict[int, datetime] = {}
    clicked: dict[int, datetime] = {}
    for hit in human:
        (opened if hit.kind == OPEN else clicked).setdefault(hit.delivery_id, hit.at)
    return [
        FirstSeen(number, opened.get(number), clicked.get(number))
        for number in sorted(opened.keys() | clicked.keys())
    ]
