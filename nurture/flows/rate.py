"""Rate: new signals warm leads, silence cools them, and everything that follows is one transaction.

A turn takes a batch of the inbox (`unrated_signal`), locks its leads in the order of their ids, counts,
judges, moves leads between chains, makes the hand-offs of those who have become ripe, and takes the
signals out of the inbox. Then it does the same for leads that are due by silence alone.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import warm
from nurture.flows.bring_over import bring_over
from nurture.flows.judge import follow
from nurture.rules.touches import is_touch
from nurture.store import heat, models, scores, unrated
from nurture.store.merging import rows
from nurture.store.scores import Touched
from nurture.store.unrated import SeenSignal


def rate(sessions: sessionmaker[Session], *, now: datetime, limit: int = 500) -> int:
    """Rate up to `limit` new signals and up to `limit` leads due by silence; how many of both."""
    with sessions() as session, session.begin():
        new = rate_new(session, now=now, limit=limit)
    with sessions() as session, session.begin():
        cooled = rate_due(session, now=now, limit=limit)
    return new + cooled


def rate_new(session: Session, *, now: datetime, limit: int) -> int:
    """Rate signals of the inbox in the caller's transaction; how many were taken up. Without a published
    model they wait."""
    live = models.rate_under(session)
    waiting = unrated.claim(session, limit) if live else []
    if not waiting:
        return 0
    taken = len(waiting)
    leads = bring_over(session, live, scores.lock(session, {one.lead_id for one in waiting}), now=now)
    waiting = _but_of_merged(session, waiting, leads)
    signals = [signal for signal in unrated.claimed(session, waiting) if signal.lead_id in leads]
    claimed = [one.signal_id for one in waiting]
    warmed = warm.count(session, live, signals, claimed, now=now)
    cooled = _others(session, live, leads, warmed, now)
    follow(session, live, leads, {**warmed, **cooled}, now=now, touches=_touches(signals))
    unrated.done(session, claimed)
    return taken


def rate_due(session: Session, *, now: datetime, limit: int) -> int:
    """Judge leads whose heat has cooled to a threshold or whose floor has run out, in the caller's
    transaction; how many rows were due. Silence never makes a hand-off."""
    live = models.rate_under(session)
    by_id = [model.id for model in live]
    due = heat.due(session, by_id, now=now, limit=limit) if live else []
    if not due:
        return 0
    leads = bring_over(session, live, scores.lock(session, due, skip_locked=True), now=now)
    stored = heat.load(session, leads, by_id)
    warmed = warm.cool(live, stored.values(), now=now)
    follow(session, live, leads, warmed, now=now, hand_over=False)
    return len(leads)


def _but_of_merged(
    session: Session, waiting: list[unrated.Waiting], leads: Mapping[int, scores.LeadState]
) -> list[unrated.Waiting]:
    """Without signals that came in for a lead while it was merged: they wait for the survivor's turn."""
    gone = {one.lead_id for one in waiting} - set(leads)
    late = rows.bring_stragglers(session, sorted(gone)) if gone else set()
    return [one for one in waiting if one.signal_id not in late]


def _others(
    session: Session,
    live: list[models.LiveModel],
    leads: Mapping[int, scores.LeadState],
    warmed: Mapping[heat.Pair, warm.Warmed],
    now: datetime,
) -> dict[heat.Pair, warm.Warmed]:
    """The rows of these leads that the new signals do not concern, as they stand now."""
    stored = heat.load(session, leads, [model.id for model in live])
    return warm.cool(live, [row for pair, row in stored.items() if pair not in warmed], now=now)


def _touches(signals: Iterable[SeenSignal]) -> dict[int, Touched]:
    found: dict[int, Touched] = {}
    for signal in signals:
        known = found.get(signal.lead_id, Touched(0, signal.at))
        found[signal.lead_id] = Touched(
            known.more + is_touch(signal.kind), max(signal.at, known.last_at or signal.at)
        )
    return found
