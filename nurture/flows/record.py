"""Take in what the tracking doors wrote down: judge every hit, keep it, and turn people's hits into signals.

Hits come twice, by the stream (fast) and by the host's spool (sure), and each is known by its id. They are
let go of after the commit, so a death at any line brings some of them again, and again changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from redis import RedisError
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import Entry
from nurture.files.spool import draining
from nurture.flows import doubt
from nurture.flows.take_visits import take_visits
from nurture.flows.turn_verdicts import turn_to_machine
from nurture.flows.weigh_hits import Scene, arrived, each_signal, first_seen, is_under_way
from nurture.rules import hits as lines
from nurture.rules import visits
from nurture.rules.hits import CLICK, Hit, NotAHit
from nurture.rules.patience import rate_by
from nurture.rules.patterns import Pattern, first_met
from nurture.rules.robots import HUMAN, OVERRULED, Context, Verdict, judge
from nurture.rules.visits import NotAVisit, Visit
from nurture.store import hits, patterns, signals, verdicts
from nurture.store.hits import Arrived, HitDelivery, JudgedHit

log = structlog.get_logger()

NO_STALL = timedelta(0)
_MAY_BE_IN_DOUBT = ("sending", "uncertain", "deferred", "ready")


class Stream(Protocol):
    """The fast way: entries stay until they are let go. Every call may raise RedisError."""

    def read(self, limit: int) -> list[Entry]: ...

    def read_ahead(self, limit: int) -> list[Entry]: ...

    def let_go(self, numbers: Sequence[str]) -> None: ...


@dataclass(slots=True)
class _Page:
    """Lines that one recorder has in hand, and what is known of the mails they are on."""

    entries: list[Entry]
    seen: list[Hit] = field(default_factory=list)
    looks: list[Visit] = field(default_factory=list)
    deliveries: dict[int, HitDelivery] = field(default_factory=dict)


def record(
    sessions: sessionmaker[Session],
    stream: Stream,
    spools: Sequence[Path],
    *,
    now: datetime,
    limit: int = 2000,
    stall: timedelta = NO_STALL,
) -> int:
    """Drain up to `limit` lines of the stream and of each spool of this host; how many were taken.

    A person's click becomes a signal `stall` after it came (flows/count_clicks), so that a scanner is seen
    whole before the first of its clicks counts; without a stall at once, and is taken back when what comes
    later shows it in another light.

    Recorders judge in turn, so that each sees what the one before has kept. Whose turn it is not takes the
    page behind, if there is one, and reads it meanwhile.
    """
    if not _asked(stream.read, 1) and not any(map(_holds_lines, spools)):
        return 0
    with ExitStack() as kept:
        with sessions() as session, session.begin():
            mine = hits.is_my_turn(session)
            page = _page(session, _asked(stream.read if mine else stream.read_ahead, limit))
            if not mine and not (page.entries and hits.wait_for_turn(session)):
                return 0
            _take_in(session, page, now, stall)
            taken = [one for folder in spools if (one := kept.enter_context(draining(folder, limit)))]
            late = _late(session, page, [line for one in taken for line in one.lines])
            _take_in(session, late, now, stall)
        for one in taken:
            one.keep()
    if page.entries:
        _let_go(stream, page.entries)
    return len(page.entries) + sum(len(one.lines) for one in taken)


def _holds_lines(folder: Path) -> bool:
    with draining(folder, 1) as drained:
        return drained is not None and bool(drained.lines)


def _asked(read: Callable[[int], list[Entry]], limit: int) -> list[Entry]:
    try:
        return read(limit)
    except RedisError as fault:
        # Said softly, since it is asked twice a second: the feeds and /readyz say that Redis is away.
        log.debug("record.stream_away", error=type(fault).__name__)
        return []


def _let_go(stream: Stream, entries: Sequence[Entry]) -> None:
    try:
        stream.let_go([one.number for one in entries])
    except RedisError as fault:
        log.warning("record.entries_not_let_go", error=type(fault).__name__)


def _page(session: Session, entries: list[Entry]) -> _Page:
    return _opened(session, entries, [one.line for one in entries])


def _late(session: Session, page: _Page, spooled: Sequence[bytes]) -> _Page:
    """What the spool has and the stream did not bring: as a rule nothing."""
    there = {one.line for one in page.entries}
    return _opened(session, [], hits.unknown_lines(session, [line for line in spooled if line not in there]))


def _opened(session: Session, entries: list[Entry], raw: Sequence[bytes]) -> _Page:
    seen, looks = _readable(raw)
    deliveries = hits.deliveries_of(session, {hit.delivery_id for hit in seen}) if seen else {}
    return _Page(entries, seen, looks, deliveries)


def _readable(raw: Iterable[bytes]) -> tuple[list[Hit], list[Visit]]:
    """Each hit and each visit once, oldest first. What no door can have written (a line torn by a full disk)
    is counted in the log and passed over, so that it stops nobody behind it."""
    found: dict[int, Hit] = {}
    looks: dict[object, Visit] = {}
    torn = 0
    for line in dict.fromkeys(raw):
        try:
            if visits.is_visit(line):
                look = visits.parse(line)
                looks[look.id] = look
            else:
                hit = lines.read(line)
                found[hit.id.int] = hit
        except (NotAHit, NotAVisit):
            torn += 1
    if torn:
        log.warning("record.unreadable_lines", count=torn)
    return [found[number] for number in sorted(found)], sorted(looks.values(), key=lambda look: look.id)


def _take_in(session: Session, page: _Page, now: datetime, stall: timedelta) -> None:
    known = hits.known(session, [hit.id for hit in page.seen])
    fresh = [hit for hit in page.seen if hit.id not in known] if known else page.seen
    if fresh:
        _keep(session, fresh, page.deliveries, now, stall)
    take_visits(session, page.looks, now=now)


def _keep(
    session: Session,
    fresh: Sequence[Hit],
    deliveries: Mapping[int, HitDelivery],
    now: datetime,
    stall: timedelta,
) -> None:
    # Whoever looks at a mail has it, a machine at the gate too: what was in doubt was sent.
    doubt.arrived(session, [one.id for one in deliveries.values() if one.state in _MAY_BE_IN_DOUBT], now=now)
    new = [arrived(hit, deliveries.get(hit.delivery_id)) for hit in fresh]
    scene = Scene(session, new, deliveries)
    known_patterns = patterns.active(session)
    judged: list[JudgedHit] = []
    # The first are kept while the last are judged.
    hits.add(session, _judging(new, scene, known_patterns, judged))
    waiting = {one.hit.id: one for one in judged if stall and one.hit.at + stall > now and _waits(one, scene)}
    verdicts.stall(session, [(one.hit.id, one.hit.at, one.hit.at + stall) for one in waiting.values()])
    turn_to_machine(session, scene.turned(), now=now)
    human = [one for one in judged if one.verdict.verdict == HUMAN]
    if waiting:
        human = [one for one in human if one.hit.id not in waiting]
    signals.add_of_hits(session, each_signal(human, deliveries, scene.links), rate_by=rate_by(now))
    hits.mark_first(session, first_seen(human))
    hits.mark_first(
        session, first_seen([one for one in judged if one.verdict.verdict != HUMAN]), people=False
    )


def _judging(
    new: Iterable[Arrived], scene: Scene, known_patterns: Sequence[Pattern], judged: list[JudgedHit]
) -> Iterator[JudgedHit]:
    for one in new:
        judged.append(_judged(one, scene, known_patterns))
        yield judged[-1]


def _judged(one: Arrived, scene: Scene, known_patterns: Sequence[Pattern]) -> JudgedHit:
    pattern = first_met(known_patterns, one.hit)
    if pattern is not None:
        verdict = Verdict(pattern.verdict, (OVERRULED,))
    else:
        verdict = judge(one.hit, Context(one.since_sent, scene.signs(one.hit)))
    return JudgedHit(one.hit, one.lead_id, one.since_sent, one.domain, verdict)


def _waits(one: JudgedHit, scene: Scene) -> bool:
    """Clicks of people wait for what comes after them, and so does what came before the moment of
    acceptance was written down."""
    if one.verdict.verdict == HUMAN:
        return one.hit.kind == CLICK
    early = one.verdict.reasons == ("too_soon",)
    return early and is_under_way(scene.deliveries.get(one.hit.delivery_id))
