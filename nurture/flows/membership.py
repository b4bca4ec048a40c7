"""Who is in which segment: kept as leads change, told anew as time goes by.

Whoever changes a lead either calls `update` in the same transaction or notes the lead with
`store.segments.mark_dirty`; a pump then looks at it. What changes with time alone (signals that grow
old, heat that cools) is told anew for a whole segment, from time to time, by one difference.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import enroll, segments_by_model
from nurture.flows.asked_segments import Asked, asked_in_order
from nurture.flows.reach_goals import leave_reached
from nurture.rules.conditions import holds, parse, signals_asked
from nurture.rules.facts import Facts
from nurture.rules.segments import TIME, named
from nurture.store import enrollments, facts, scores, segment_members, segment_sizes, segments

_SOON, _SELDOM = timedelta(minutes=5), timedelta(days=1)
_SHARE = 50  # telling anew takes at most a fiftieth of the time


def update(session: Session, lead_ids: Sequence[int], *, now: datetime) -> dict[int, frozenset[str]]:
    """Bring the memberships of these leads up to date, in the caller's transaction; the keys of the
    segments of those that changed any. The leads are locked by the caller."""
    wanted = asked_in_order(session)
    if not wanted or not lead_ids:
        return {}
    looked_at = signals_asked([one.condition for one in wanted], now)
    known = facts.load(session, lead_ids, now=now, asked=looked_at)
    before = segments.memberships(session, lead_ids)
    entered: list[tuple[int, int]] = []
    left: list[tuple[int, int]] = []
    changed: dict[int, frozenset[str]] = {}
    for lead_id, lead in known.items():
        found = _memberships(wanted, lead, now)
        was, is_now = before.get(lead_id, set()), set(found.values())
        entered += [(segment_id, lead_id) for segment_id in is_now - was]
        left += [(segment_id, lead_id) for segment_id in was - is_now]
        if was != is_now:
            changed[lead_id] = frozenset(found)
    segments.leave(session, left)
    segments.enter(session, entered, now=now)
    return changed


def update_dirty(sessions: sessionmaker[Session], *, now: datetime, limit: int = 500) -> int:
    """Look at leads that were noted as changed, and lead on those whose memberships changed; how many
    were looked at. Without any, tell one segment anew if that is due."""
    with sessions.begin() as session:
        noted = segments.take_dirty(session, limit)
        if noted:
            leads = scores.lock(session, sorted(noted))
            moved = update(session, list(leads), now=now)
            _lead_on(session, sorted({*moved, *(one for one in leads if noted[one])}), now)
            return len(noted)
    return refresh_due(sessions, now=now)


def refresh_due(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Tell one segment anew whose time has come; 0 if none is due."""
    with sessions.begin() as session:
        segment_sizes.add_up_sizes(session)
        segment_id = segment_members.take_due(session, now=now)
        if segment_id is None:
            return int(segments_by_model.refresh_due(session, now=now))
        refresh(session, segment_id, now=now)
        return 1


def refresh(session: Session, segment_id: int, *, now: datetime) -> None:
    """Bring all members of a segment in line with its condition, in the caller's transaction. Whoever
    came or went is looked at once more: it may have changed meanwhile, and chains may ask for it."""
    began = time.monotonic()
    stored = segments.get(session, segment_id)
    condition = parse(stored.condition)
    found = segment_members.difference(session, segment_id, condition, now=now)
    moved = [*found.entered, *found.left]
    if stored.refreshed_at is not None or is_used(session, stored.key):
        segment_members.mark_moved(session, moved)
    took = timedelta(seconds=time.monotonic() - began)
    again = max(_SOON, took * _SHARE) if TIME in stored.asks else _SELDOM
    segments.refreshed(session, segment_id, now=now, again_at=now + again)
    if moved:
        leaning = [one.id for one in asked_in_order(session) if stored.key in named(one.condition)]
        segments.make_due(session, leaning, now=now)


def is_used(session: Session, key: str) -> bool:
    """Whether a program asks for the segment."""
    return any(key in names for (kind, *_what), names in segments.uses(session).items() if kind == "program")


def _memberships(wanted: Sequence[Asked], lead: Facts, now: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in wanted:
        if holds(one.condition, replace(lead, segments=frozenset(found)), now):
            found[one.key] = one.id
    return found


def _lead_on(session: Session, lead_ids: Sequence[int], now: datetime) -> None:
    if lead_ids:
        enrollments.wake_waiting(session, lead_ids, now)
        leave_reached(session, lead_ids, now=now)
        enroll.enter_programs(session, lead_ids, now=now)
