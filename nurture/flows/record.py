"""Take in what the tracking doors wrote down: judge every hit, keep it, and turn people's hits into signals.

Hits come twice, by the stream (fast) and by the host's spool (sure), and each is known by its id. They are
let go of after the commit, so a death at any line brings some of them again, and again changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

import structlog
from redis import RedisError
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import Entry
from nurture.files.spool import Drained, draining
from nurture.flows import doubt
from nurture.flows.judge_hits import Judged, judge_again, judge_hits
from nurture.flows.take_visits import take_visits
from nurture.flows.turn_verdicts import turn_to_machine
from nurture.flows.weigh_hits import came_from, first_seen, is_under_way, is_weighed
from nurture.rules import hits as lines
from nurture.rules import visits
from nurture.rules.happened import not_ahead
from nurture.rules.hits import CLICK, Hit, NotAHit
from nurture.rules.robots import HUMAN
from nurture.rules.second_looks import SECOND_LOOK
from nurture.rules.visits import NotAVisit, Visit
from nurture.store import hit_signals, hits, kept_pages, networks, recorders, verdicts
from nurture.store.hits import HitDelivery, JudgedHit

log = structlog.get_logger()

NO_STALL = timedelta(0)
_MAY_BE_IN_DOUBT = ("sending", "uncertain", "deferred", "ready")


class Stream(Protocol):
    """The fast way: entries stay until they are let go. Every call may raise RedisError."""

    def read(self, limit: int, after: str | None = None) -> list[Entry]: ...

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

    Recorders read and judge side by side, each a page of the stream of its own, and keep them in turn and in
    their order, so that each has seen what was kept before (flows/judge_hits).
    """
    entries = _read(stream, limit)
    if not entries and not any(map(_holds_lines, spools)):
        return 0
    with ExitStack() as kept:
        with sessions() as session, session.begin():
            ahead, mine = _claimed(session, stream, entries, limit)
            page = _page(session, mine)
            judged = judge_hits(session, page.seen, page.deliveries, now)
            if not _has_its_turn(session, page, ahead):
                return 0
            judged = judge_again(session, judged, page.deliveries, now)
            _keep(session, judged, page, now, stall)
            taken = [one for folder in spools if (one := _drained(kept, folder, limit))]
            late = _late(session, page, [line for one in taken for line in one.lines])
            too_late = judge_hits(session, late.seen, late.deliveries, now)
            _keep(session, too_late, late, now, stall)
            caught = came_from((*judged.hits, *too_late.hits), page.deliveries | late.deliveries)
            networks.note(session, caught, now=now)
            if keys := judged.keys() | too_late.keys() | caught.keys():
                kept_pages.note(session, keys)
        for one in taken:
            _let_go_of_lines(one)
    if page.entries:
        _let_go(stream, page.entries)
    return len(page.entries) + sum(len(one.lines) for one in taken)


def _holds_lines(folder: Path) -> bool:
    with ExitStack() as kept:
        drained = _drained(kept, folder, 1)
        return drained is not None and bool(drained.lines)


def _drained(kept: ExitStack, folder: Path, limit: int) -> Drained | None:
    """What a spool holds. One that this worker may not write in stops nobody: the stream is taken all the
    same, and /readyz says what is wrong."""
    try:
        return kept.enter_context(draining(folder, limit))
    except OSError as fault:
        # Said softly, since it is asked twice a second.
        log.debug("record.spool_away", error=fault.strerror or type(fault).__name__)
        return None


def _let_go_of_lines(one: Drained) -> None:
    """Lines that cannot be marked as taken come again, and change nothing."""
    try:
        one.keep()
    except OSError as fault:
        log.debug("record.spool_not_marked", error=fault.strerror or type(fault).__name__)


def _read(stream: Stream, limit: int, after: str | None = None) -> list[Entry]:
    try:
        return stream.read(limit, after)
    except RedisError as fault:
        # Said softly, since it is asked twice a second: the feeds and /readyz say that Redis is away.
        log.debug("record.stream_away", error=type(fault).__name__)
        return []


def _claimed(
    session: Session, stream: Stream, entries: list[Entry], limit: int
) -> tuple[str | None, list[Entry]]:
    """The oldest page that nobody else has in hand, `entries` being the oldest of all; and the first entry of
    the page ahead of it, where somebody has one."""
    ahead = None
    while entries and not recorders.claim_page(session, entries[0].number):
        ahead = entries[0].number
        entries = _read(stream, limit, entries[-1].number)
    return ahead, entries


def _has_its_turn(session: Session, page: _Page, ahead: str | None) -> bool:
    """Whoever has nothing in hand need not wait for it: the spool is looked at again soon."""
    if not page.entries:
        return recorders.is_my_turn(session)
    if ahead is not None:
        # Pages are kept in their order, but for one whose recorder was halted.
        recorders.wait_for_page(session, ahead)
    return recorders.is_my_turn(session) or recorders.wait_for_turn(session)


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
    # Of a person who was erased nothing is written down; the link led on all the same.
    gone = {number for number, one in deliveries.items() if one.erased}
    return _Page(entries, [hit for hit in seen if hit.delivery_id not in gone], looks, deliveries)


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


def _keep(session: Session, judged: Judged, page: _Page, now: datetime, stall: timedelta) -> None:
    if judged.hits:
        # Whoever looks at a mail has it, a machine at the gate too: what was in doubt was sent.
        looked_at = {one.hit.delivery_id for one in judged.hits}
        doubt.arrived(session, [number for number in looked_at if _in_doubt(page, number)], now=now)
        _keep_hits(session, judged, page.deliveries, now, stall)
    take_visits(session, page.looks, now=now)


def _in_doubt(page: _Page, delivery_id: int) -> bool:
    delivery = page.deliveries.get(delivery_id)
    return delivery is not None and delivery.state in _MAY_BE_IN_DOUBT


def _keep_hits(
    session: Session,
    judged: Judged,
    deliveries: Mapping[int, HitDelivery],
    now: datetime,
    stall: timedelta,
) -> None:
    hits.add(session, judged.lines)
    stalled = _stalled(judged, deliveries, now, stall)
    waiting = {number for number, _at, _due in stalled}
    verdicts.stall(session, stalled)
    turn_to_machine(session, judged.turned, now=now)
    human, told = [one for one in judged.hits if one.verdict.verdict == HUMAN], judged.signals
    if waiting:
        human = [one for one in human if one.hit.id not in waiting]
        told = {number: lines for number, lines in told.items() if number not in waiting}
    hit_signals.add(session, list(told.values()))
    hits.mark_first(session, first_seen(human))
    others = [one for one in judged.hits if one.verdict.verdict != HUMAN]
    hits.mark_first(session, first_seen(others), people=False)


def _stalled(
    judged: Judged, deliveries: Mapping[int, HitDelivery], now: datetime, stall: timedelta
) -> list[tuple[UUID, datetime, datetime]]:
    """The hits that wait, each with its moment, and until when."""
    found = []
    for one in judged.hits:
        mine = _stall(one, deliveries, stall)
        if mine and (due := not_ahead(one.hit.at, now) + mine) > now:
            found.append((one.hit.id, one.hit.at, due))
    return found


def _stall(one: JudgedHit, deliveries: Mapping[int, HitDelivery], stall: timedelta) -> timedelta:
    """How long a hit waits for what comes after it: clicks of people, and what came before the moment of
    acceptance was written down, so long; those that were only weighed, until they have been seen whole."""
    if one.verdict.verdict == HUMAN:
        return stall if one.hit.kind == CLICK else NO_STALL
    if one.verdict.reasons == ("too_soon",) and is_under_way(deliveries.get(one.hit.delivery_id)):
        return stall
    return max(stall, SECOND_LOOK) if is_weighed(one) else NO_STALL
