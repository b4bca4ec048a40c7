"""Which segments are looked at by a heat model of its own, and when they change with time alone.

A program that names another model decides by it who is in a segment that asks for heat
(flows/model_facts.py), on the facts of the moment. Nothing happens in the moment in which a signal grows old
or heat falls below a number that is no threshold; so such segments are told anew from time to time, and
whoever came in or went out is looked at.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.flows.asked_segments import Asked, asked_in_order
from nurture.rules.segments import leaning_on_heat, named, segments_in, told_by_time_and_heat
from nurture.store import programs, segment_members, segments_by_model

_SOON = timedelta(minutes=5)
_SHARE = 50  # telling anew takes at most a fiftieth of the time


def keep_wanted(session: Session, *, now: datetime) -> None:
    """Keep those for which published programs ask now, each due at once. To be called when a program goes
    live and when segments change, in the same transaction."""
    every = asked_in_order(session)
    ids = {one.key: one.id for one in every}
    conditions = {one.key: one.condition for one in every}
    published = programs.published(session, ("live", "paused"), held=False) if every else []
    own = {one.version_id: one.model_id for one in published if one.model_id is not None}
    specs = programs.specs(session, list(own)) if own else {}
    wanted = {
        (ids[key], model_id)
        for version_id, model_id in own.items()
        for key in told_by_time_and_heat(conditions, segments_in(specs[version_id][0]))
    }
    segments_by_model.keep(session, wanted, now=now)


def refresh_due(session: Session, *, now: datetime) -> bool:
    """Tell one anew whose time has come, in the caller's transaction; False if none is due."""
    due = segments_by_model.take_due(session, now=now)
    if due is None:
        return False
    began = time.monotonic()
    every = asked_in_order(session)
    own = leaning_on_heat({one.key: one.condition for one in every})
    one = next(asked for asked in every if asked.id == due.segment_id)
    found = segment_members.difference_by_model(session, due, one.condition, own, now=now)
    moved = [*found.entered, *found.left]
    # Publishing looks at the whole base by itself.
    if due.told_at is not None:
        segment_members.mark_moved(session, moved)
    took = timedelta(seconds=time.monotonic() - began)
    segments_by_model.told(session, due, now=now, again_at=now + max(_SOON, took * _SHARE))
    if moved:
        leaning = _leaning_on(one, every)
        segments_by_model.make_due(session, leaning, due.model_id, now=now)
    return True


def _leaning_on(one: Asked, every: Sequence[Asked]) -> list[int]:
    return [other.id for other in every if one.key in named(other.condition)]
