"""A verdict that turns after the fact: a signal is taken back, and the lead stands as if it had never been;
or it is given back, and the lead stands as if it had counted all along.

Steps already taken are not taken back; a hand-off that only waits is withdrawn, one that sales has is
marked and sales is told (flows/ripen.withdraw).
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import NotFound
from nurture.flows import warm
from nurture.flows.bring_over import bring_over
from nurture.flows.judge import Judged, follow
from nurture.flows.ripen import withdraw
from nurture.flows.warm import Warmed
from nurture.rules.model import Readiness
from nurture.rules.robots import HUMAN, MACHINE
from nurture.rules.touches import is_touch
from nurture.rules.words import _
from nurture.store import models, scores, unrated, verdicts
from nurture.store.heat import Pair
from nurture.store.models import LiveModel
from nurture.store.scores import LeadState, Touched
from nurture.store.unrated import SeenSignal
from nurture.store.verdicts import Turned


def rejudge(sessions: sessionmaker[Session], *, now: datetime, limit: int = 200) -> int:
    """Count the leads of up to `limit` turned signals anew; how many signals. Without a published model
    they wait."""
    with sessions() as session, session.begin():
        live = models.rate_under(session)
        turned = verdicts.claim_turned(session, limit) if live else []
        if not turned:
            return 0
        late = _count_anew(session, live, turned, now)
        verdicts.done(session, [one.signal_id for one in turned if one.signal_id not in late])
        return len(turned) - len(late)


def undo_signal(
    session: Session,
    signal_id: uuid.UUID,
    *,
    now: datetime,
    verdict: str = MACHINE,
    reason: str = "overruled",
    by: str = "",
) -> None:
    """Judge a signal, whatever its source, to be no person's, in the caller's transaction. Repeating it
    changes nothing. Raises NotFound for a signal that does not exist."""
    signal = unrated.find(session, signal_id)
    if signal is None:
        raise NotFound(_("There is no such signal."))
    live = models.rate_under(session)
    lead_id = _lock_whose(session, signal)
    before = unrated.standing(session, signal_id)
    unrated.overrule(session, signal_id, verdict, reason, now=now, by=by)
    if before.verdict == HUMAN and not before.waits and live:
        one = Turned(signal_id, now, lead_id, -1, reason)
        _count_anew(session, live, [one], now)


def _lock_whose(session: Session, signal: SeenSignal) -> int:
    """Lock the lead of a signal, which a merge, or one undone, may have made another's until then; its id."""
    lead_id, locked = signal.lead_id, 0
    while lead_id != locked:
        scores.lock(session, [lead_id])
        lead_id, locked = unrated.find_all(session, [signal.id])[signal.id].lead_id, lead_id
    return lead_id


def _count_anew(
    session: Session, live: Sequence[LiveModel], turned: Sequence[Turned], now: datetime
) -> set[uuid.UUID]:
    """Count the leads of these signals anew, but for signals that became another lead's while their own was
    being locked: they are given back, for a later turn."""
    leads = bring_over(session, live, scores.lock(session, {one.lead_id for one in turned}), now=now)
    signals = unrated.find_all(session, [one.signal_id for one in turned])
    known = [one for one in turned if one.signal_id in signals]
    late = {one.signal_id for one in known if signals[one.signal_id].lead_id != one.lead_id}
    mine = [one for one in known if one.lead_id in leads and one.signal_id not in late]
    warmed = warm.recount(session, live, [signals[one.signal_id] for one in mine], now=now)
    touches = _touches(mine, signals)
    back = {one.lead_id for one in mine if one.step > 0}
    found: dict[int, Judged] = {}
    for chosen, hand_over in ((back, True), (set(leads) - back, False)):
        if chosen:
            found |= _follow(session, live, leads, warmed, touches, chosen, now=now, hand_over=hand_over)
    policy = _policy(live)
    for reason in sorted({one.reason for one in mine if one.step < 0}):
        ids = sorted({one.lead_id for one in mine if one.reason == reason and one.step < 0})
        fallen = [
            number for number in ids if number in found and policy and not _is_ripe(found[number], policy)
        ]
        withdraw(session, fallen, reason, now=now)
    return late


def _follow(
    session: Session,
    live: Sequence[LiveModel],
    leads: Mapping[int, LeadState],
    warmed: Mapping[Pair, Warmed],
    touches: Mapping[int, Touched],
    chosen: Collection[int],
    *,
    now: datetime,
    hand_over: bool,
) -> dict[int, Judged]:
    return follow(
        session,
        live,
        {number: lead for number, lead in leads.items() if number in chosen},
        {pair: one for pair, one in warmed.items() if pair[0] in chosen},
        now=now,
        touches={number: one for number, one in touches.items() if number in chosen},
        hand_over=hand_over,
    )


def _touches(turned: Sequence[Turned], signals: Mapping[uuid.UUID, SeenSignal]) -> dict[int, Touched]:
    found: dict[int, Touched] = {}
    for one in turned:
        more = one.step * is_touch(signals[one.signal_id].kind)
        known = found.get(one.lead_id, Touched(0, None))
        found[one.lead_id] = Touched(known.more + more, None)
    return found


def _policy(live: Sequence[LiveModel]) -> Readiness | None:
    return next((model.model.readiness for model in live if model.is_default), None)


def _is_ripe(one: Judged, policy: Readiness) -> bool:
    found = one.readiness
    return found.cause is not None or (found.score >= policy.rise and found.meets_requirements)
