"""Take in what the tracking doors wrote down: judge every hit, keep it, and turn people's hits into signals.

Hits come twice, by the stream (fast) and by the host's spool (sure), and each is known by its id. They are
let go of after the commit, so a death at any line brings some of them again, and again changes nothing.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from redis import RedisError
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.spool import draining
from nurture.flows import doubt
from nurture.flows.take_visits import take_visits
from nurture.flows.turn_verdicts import turn_to_machine
from nurture.flows.weigh_hits import Scene, arrived, first_seen, is_under_way, signals_of
from nurture.rules import hits as lines
from nurture.rules import visits
from nurture.rules.hits import CLICK, Hit, NotAHit
from nurture.rules.patterns import Pattern, first_met
from nurture.rules.robots import HUMAN, OVERRULED, Context, Verdict, judge
from nurture.rules.visits import NotAVisit, Visit
from nurture.store import hits, patterns, signals, verdicts
from nurture.store.hits import Arrived, JudgedHit

log = structlog.get_logger()

NO_STALL = timedelta(0)
_MAY_BE_IN_DOUBT = ("uncertain", "deferred", "ready")


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
    limit: int = 2000,
    stall: timedelta = NO_STALL,
) -> int:
    """Drain up to `limit` lines of the stream and of each spool of this host; how many were taken.

    A person's click becomes a signal `stall` after it came (flows/count_clicks), so that a scanner is seen
    whole before the first of its clicks counts; without a stall at once, and is taken back when what comes
    later shows it in another light.
    """
    entries = _entries(stream, 1)
    with ExitStack() as stack:
        taken = [stack.enter_context(draining(folder, limit)) for folder in spools]
        drained = [one for one in taken if one is not None]
        spooled = [line for one in drained for line in one.lines]
        if entries or spooled:
            with sessions() as session, session.begin():
                # Read whole only by whose turn it is: others would read in vain what is trimmed meanwhile.
                entries = _entries(stream, limit) if entries and hits.may_drain_stream(session) else []
                seen, looks = _readable([*(line for _, line in entries), *spooled])
                _take_in(session, seen, now, stall)
                take_visits(session, looks, now=now)
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


def _readable(raw: Iterable[bytes]) -> tuple[list[Hit], list[Visit]]:
    """Each hit and each visit once, oldest first. What no door can have written (a line torn by a full disk)
    is counted in the log and passed over, so that it stops nobody behind it."""
    found: dict[object, Hit] = {}
    looks: dict[object, Visit] = {}
    torn = 0
    for line in dict.fromkeys(raw):
        try:
            if visits.is_visit(line):
                look = visits.parse(line)
                looks[look.id] = look
            else:
                hit = lines.read(line)
                found[hit.id] = hit
        except (NotAHit, NotAVisit):
            torn += 1
    if torn:
        log.warning("record.unreadable_lines", count=torn)
    return sorted(found.values(), key=lambda hit: hit.id), sorted(looks.values(), key=lambda look: look.id)


def _take_in(session: Session, batch: Sequence[Hit], now: datetime, stall: timedelta) -> None:
    known = hits.known(session, [hit.id for hit in batch])
    fresh = [hit for hit in batch if hit.id not in known]
    if not fresh:
        return
    deliveries = hits.deliveries_of(session, {hit.delivery_id for hit in fresh})
    # Whoever looks at a mail has it, a machine at the gate too: what was in doubt was sent.
    doubt.arrived(session, [one.id for one in deliveries.values() if one.state in _MAY_BE_IN_DOUBT], now=now)
    new = [arrived(hit, deliveries.get(hit.delivery_id)) for hit in fresh]
    scene = Scene(session, new, deliveries)
    known_patterns = patterns.active(session)
    judged = [_judged(one, scene, known_patterns) for one in new]
    added = hits.add(session, judged)
    mine = [one for one in judged if one.hit.id in added]
    waiting = {one.hit.id: one for one in mine if stall and one.hit.at + stall > now and _waits(one, scene)}
    verdicts.stall(session, [(one.hit.id, one.hit.at, one.hit.at + stall) for one in waiting.values()])
    turn_to_machine(session, scene.turned(), now=now)
    human = [one for one in mine if one.verdict.verdict == HUMAN and one.hit.id not in waiting]
    signals.add(session, signals_of(human, deliveries, scene.links), now=now)
    hits.mark_first(session, first_seen(human))
    hits.mark_first(session, first_seen([one for one in mine if one.verdict.verdict != HUMAN]), people=False)


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
