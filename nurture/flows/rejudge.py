"""A verdict that turns after the fact: a signal is taken back, and the lead stands as if it had never been.

Steps already taken are not taken back; a hand-off that only waits is withdrawn, one that sales has is
marked and sales is told (flows/ripen.withdraw).
"""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows import warm
from nurture.flows.judge import Judged, follow
from nurture.flows.ripen import withdraw
from nurture.rules.model import Readiness
from nurture.rules.robots import HUMAN, MACHINE
from nurture.rules.touches import is_touch
from nurture.rules.words import _
from nurture.store import models, scores, unrated
from nurture.store.scores import Touched


def undo_signal(
    session: Session,
    signal_id: uuid.UUID,
    *,
    now: datetime,
    verdict: str = MACHINE,
    reason: str = "overruled",
    by: str = "",
) -> None:
    """Judge a signal to be no person's, in the caller's transaction. Repeating it changes nothing.
    Raises NotFound for a signal that does not exist."""
    signal = unrated.find(session, signal_id)
    if signal is None:
        raise NotFound(_("There is no such signal."))
    live = models.rate_under(session)
    leads = scores.lock(session, [signal.lead_id])
    before = unrated.standing(session, signal_id)
    unrated.overrule(session, signal_id, verdict, reason, now=now, by=by)
    if before.verdict != HUMAN or before.waits or not leads:
        return
    warmed = warm.recount(session, live, signal, now=now)
    touches = {signal.lead_id: Touched(-int(is_touch(signal.kind)), None)}
    found = follow(session, live, leads, warmed, now=now, touches=touches, hand_over=False)
    fallen = [lead_id for lead_id, one in found.items() if not _is_ripe(one, _policy(live))]
    withdraw(session, fallen, reason, now=now)


def _policy(live: list[models.LiveModel]) -> Readiness:
    return next(model.model.readiness for model in live if model.is_default)


def _is_ripe(one: Judged, policy: Readiness) -> bool:
    found = one.readiness
    return found.cause is not None or (found.score >= policy.rise and found.meets_requirements)
