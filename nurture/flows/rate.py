"""Rate: new signals warm leads, silence cools them, and everything that follows is one transaction.

A turn takes a batch of the inbox (`unrated_signal`), locks its leads in the order of their ids, counts,
judges, moves leads between chains, makes the hand-offs of those who have become ripe, and takes the
signals out of the inbox. Then it does the same for leads that are due by silence alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import warm
from nurture.flows.bring_over import bring_over, list_ripe
from nurture.flows.import_signals import SOURCE as FROM_A_FILE
from nurture.flows.judge import follow
from nurture.rules.patience import holds_back
from nurture.rules.sales_signals import SAID_BY_SALES
from nurture.rules.touches import is_touch
from nurture.store import heat, lead_aliases, models, scores, unrated
from nurture.store.merging import rows
from nurture.store.models import LiveModel
from nurture.store.scores import Touched
from nurture.store.unrated import SeenSignal


def rate(sessions: sessionmaker[Session], *, now: datetime, limit: int = 1000, backlog: int = 0) -> int:
    """Rate up to `limit` new signals and up to `limit` leads due by silence; how many of both. With many hits
    still to be recorded (`backlog`), only those signals that may not wait for them."""
    with sessions() as session, session.begin():
        new = rate_new(session, now=now, limit=limit, backlog=backlog)
    with sessions() as session, session.begin():
        cooled = rate_due(session, now=now, limit=limit)
    return new + cooled


def rate_new(session: Session, *, now: datetime, limit: int, backlog: int = 0) -> int:
    """Rate signals of the inbox in the caller's transaction; how many were taken up. Without a published
    model they wait."""
    live = models.rate_under(session)
    waiting = _claim(session, now, limit, backlog) if live else []
    taken = len(waiting)
    if not taken:
        return 0
    leads = bring_over(session, live, scores.lock(session, {one.lead_id for one in waiting}), now=now)
    waiting = _but_of_merged(session, waiting, leads)
    seen, waiting = _seen(session, live, waiting)
    signals = [signal for signal in seen if signal.lead_id in leads]
    claimed = [one.signal_id for one in waiting]
    stored = heat.load(session, leads, [model.id for model in live])
    warmed = warm.count(session, live, signals, claimed, stored, now=now)
    # Rows of these leads that the new signals do not concern, as they stand now.
    cooled = warm.cool(live, [row for pair, row in stored.items() if pair not in warmed], now=now)
    rated, told = {**warmed, **cooled}, _only_told_again(signals)
    quiet = told | _only_sales_spoke(signals)
    found = follow(session, live, leads, rated, now=now, touches=_touches(signals), quiet=quiet)
    list_ripe(session, live, [one for one in found.values() if one.lead.id in told], now=now)
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


def _claim(session: Session, now: datetime, limit: int, backlog: int) -> list[unrated.Waiting]:
    if holds_back(backlog):
        return unrated.claim_urgent(session, limit, now=now)
    return unrated.claim(session, limit)


def _but_of_merged(
    session: Session, waiting: list[unrated.Waiting], leads: Mapping[int, scores.LeadState]
) -> list[unrated.Waiting]:
    """Without signals that came in for a lead while it was merged: they wait for the survivor's turn. A lead
    that is one again, since its merge was undone while the others were being locked, has the next turn."""
    gone = sorted({one.lead_id for one in waiting} - set(leads))
    if not gone:
        return waiting
    late, back = rows.bring_stragglers(session, gone), scores.states(session, gone)
    return [one for one in waiting if one.signal_id not in late and one.lead_id not in back]


def _seen(
    session: Session, live: Sequence[LiveModel], waiting: list[unrated.Waiting]
) -> tuple[list[SeenSignal], list[unrated.Waiting]]:
    """What is human of these, and these without signals that wait for the turn of another lead. Of hits the
    inbox tells enough, where no model asks for more than their kind and the lead was never merged, so that
    what waits for it is its own."""
    asked = {rule.kind for one in live for rule in one.model.rules if rule.when is not None} | {None}
    merged = lead_aliases.ever_merged(session, {one.lead_id for one in waiting})
    told = [one for one in waiting if one.kind not in asked and one.lead_id not in merged]
    seen = unrated.told(session, told)
    if len(told) == len(waiting):
        return seen, waiting
    known = {one.signal_id for one in told}
    read, mine = _but_of_parted(session, [one for one in waiting if one.signal_id not in known])
    return [*seen, *read], [*told, *mine]


def _but_of_parted(
    session: Session, waiting: list[unrated.Waiting]
) -> tuple[list[SeenSignal], list[unrated.Waiting]]:
    """What is human of these, without signals that went back with their lead when a merge was undone: those
    wait for its turn."""
    waits_for = {one.signal_id: one.lead_id for one in waiting}
    seen = unrated.claimed(session, waiting)
    parted = {one.id: one.lead_id for one in seen if one.lead_id != waits_for[one.id]}
    if not parted:
        return seen, waiting
    unrated.readdress(session, parted)
    return [one for one in seen if one.id not in parted], [
        one for one in waiting if one.signal_id not in parted
    ]


def _only_sales_spoke(signals: Iterable[SeenSignal]) -> set[int]:
    """Leads of whom nothing is new but what sales said: that hands nobody over to it."""
    spoken = {one.lead_id for one in signals if one.kind in SAID_BY_SALES}
    return spoken - {one.lead_id for one in signals if one.kind not in SAID_BY_SALES}


def _only_told_again(signals: Iterable[SeenSignal]) -> set[int]:
    """Leads of whom nothing is new but a file of past activities: who is ripe by what was long ago waits for
    a person's yes, as whoever is ripe by a new version of a model alone."""
    told = {one.lead_id for one in signals if one.source == FROM_A_FILE}
    return told - {one.lead_id for one in signals if one.source != FROM_A_FILE}


def _touches(signals: Iterable[SeenSignal]) -> dict[int, Touched]:
    found: dict[int, list[SeenSignal]] = {}
    for signal in signals:
        found.setdefault(signal.lead_id, []).append(signal)
    return {
        lead_id: Touched(
            sum(is_touch(one.kind) for one in his),
            max((one.at for one in his if one.kind not in SAID_BY_SALES), default=None),
        )
        for lead_id, his in found.items()
    }
