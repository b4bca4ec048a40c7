"""A verdict turns: it is appended to those before it, and what rested on it is put right.

Here under the locks of the hit itself: clicks that wait count no more, first opens and clicks of deliveries
are dated anew with their counters. What has warmed a lead already is taken back by flows/rejudge.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.flows.weigh_hits import signals_of
from nurture.rules.robots import HUMAN, MACHINE
from nurture.rules.second_looks import first_look
from nurture.rules.signs import WEIGHED
from nurture.store import hits, signals, verdicts
from nurture.store.hits import JudgedHit
from nurture.store.verdicts import BY_RULES, Held

BY_PATTERN = "pattern:"


@dataclass(frozen=True, slots=True)
class Turn:
    """A hit and the verdict that holds from now on."""

    one: JudgedHit
    verdict: str
    reason: str


def turn_to_machine(session: Session, found: Sequence[tuple[JudgedHit, str]], *, now: datetime) -> int:
    """The rules have learnt that these are a machine's. What a person of ours has said about a hit stays.

    They were seen in the company of what has just come, so those that may look otherwise when more is known
    are looked at again, each for itself (flows/count_clicks)."""
    changed = _turn(session, [Turn(one, MACHINE, reason) for one, reason in found], by=BY_RULES, now=now)
    again = [one.one.hit for one in changed if WEIGHED.issuperset(one.reason.split())]
    verdicts.stall(session, [(hit.id, hit.at, first_look(hit.at, now)) for hit in again], turned=True)
    return len(changed)


def turn(session: Session, turns: Sequence[Turn], *, now: datetime, by: str = BY_RULES) -> int:
    """Give these hits another verdict, in the caller's transaction; how many were judged otherwise before.
    Repeating it changes nothing."""
    return len(_turn(session, turns, by=by, now=now))


def _turn(session: Session, turns: Sequence[Turn], *, by: str, now: datetime) -> list[Turn]:
    wanted = {one.one.hit.id: one for one in turns}
    if not wanted:
        return []
    stalled, unrated = verdicts.lock(session, wanted)
    held = verdicts.held(session, wanted)
    changed = [one for one in wanted.values() if _changes(one, held.get(one.one.hit.id), by)]
    if not changed:
        return []
    verdicts.append(session, [(one.one.hit.id, one.verdict, one.reason) for one in changed], by=by, now=now)
    verdicts.unstall(session, [one.one.hit.id for one in changed])
    steps = [(one, _step(one, held.get(one.one.hit.id))) for one in changed]
    rated = [(one, step) for one, step in steps if step and one.one.hit.id not in unrated]
    verdicts.queue(session, [(one.one.hit.id, one.one.hit.at, step, one.reason) for one, step in rated])
    counting = [one.one for one, step in steps if step > 0 or _was_waiting(one, stalled)]
    _make_signals(session, counting, now)
    verdicts.recount_first(session, {one.one.hit.delivery_id for one in changed})
    return changed


def _changes(one: Turn, held: Held | None, by: str) -> bool:
    """A person's word stands against the rules; the same verdict from a person makes it stand."""
    before = held or Held(one.one.verdict.verdict, BY_RULES)
    rank = _rank(by) - _rank(before.by)
    return rank > 0 or (rank == 0 and before.verdict != one.verdict)


def _rank(by: str) -> int:
    """Rules give way to what a person said of many, and that to what a person said of one."""
    if by == BY_RULES:
        return 0
    return 1 if by.startswith(BY_PATTERN) else 2


def _step(one: Turn, held: Held | None) -> int:
    """Whether it counts from now on and did not before (1), the other way round (-1), or neither."""
    before = held.verdict if held else one.one.verdict.verdict
    return (one.verdict == HUMAN) - (before == HUMAN)


def _was_waiting(one: Turn, stalled: Collection[UUID]) -> bool:
    return one.verdict == HUMAN and one.one.hit.id in stalled


def _make_signals(session: Session, people: Collection[JudgedHit], now: datetime) -> None:
    """Hits that were a machine's when they came have no signal yet; those that have one keep it."""
    if people:
        deliveries = hits.deliveries_of(session, {one.hit.delivery_id for one in people})
        links = {one.hit.link_id for one in people if one.hit.link_id is not None}
        found = signals_of(people, deliveries, hits.links_of(session, links), now=now)
        signals.add(session, found, now=now)
