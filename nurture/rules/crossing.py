"""What a judgement of readiness does to a lead: it goes to sales, or something holds it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from nurture.rules.model import Readiness
from nurture.rules.readiness import Found, LastRipening
from nurture.rules.ripening import DIRECT_REQUEST, WITHOUT_ARMING
from nurture.rules.stages import AWAITS_SALES, RIPENS_FROM

# hurry: who waits for sales already asks for it by itself.
Crossing = Literal["cross", "hurry", "stay", "rearm"]
Hold = Literal["with_sales", "future", "approval", "given_back", "not_armed", "next_sign"]


def crossing(armed: bool, judgement: Found, policy: Readiness) -> Crossing:
    """What a judgement does to a lead. A direct request crosses at once, and so does other news under an
    `always` rule for an armed lead; otherwise that one crosses by score and requirements, and one that has
    crossed is armed again when its score has fallen below `fall`."""
    if judgement.cause is not None and (armed or judgement.cause in WITHOUT_ARMING):
        return "cross"
    if not armed:
        return "rearm" if judgement.score < policy.fall else "stay"
    return "cross" if judgement.score >= policy.rise and judgement.meets_requirements else "stay"


def at_its_place(
    crossed: Crossing,
    stage: str,
    future_at: datetime | None,
    judgement: Found,
    now: datetime,
    last: LastRipening | None,
    policy: Readiness,
) -> Crossing:
    """What is left of a crossing where the lead stands: nothing while sales has it, nor before the date it
    asked to be left until, nor so soon after sales gave it back, unless it asks by itself. One that waits
    for sales and asks by itself is hurried."""
    asks = judgement.cause == DIRECT_REQUEST
    if crossed != "cross":
        return crossed
    if stage not in RIPENS_FROM:
        return "hurry" if asks and stage == AWAITS_SALES else "stay"
    waits = future_at is not None and future_at > now
    return "cross" if asks or not (waits or left_alone_until(last, now, policy)) else "stay"


def left_alone_until(last: LastRipening | None, now: datetime, policy: Readiness) -> datetime | None:
    """Until when a lead is left alone whom sales gave back; None where it is not, or not any more."""
    if last is None or not last.given_back:
        return None
    until = last.at + timedelta(days=policy.cool_down_days)
    return until if now < until else None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why a lead that is ready stays where it is, and until when if a moment ends it."""

    why: Hold
    until: datetime | None = None


def held_back(
    stage: str,
    armed: bool,
    future_at: datetime | None,
    now: datetime,
    last: LastRipening | None,
    policy: Readiness,
    *,
    awaits_approval: bool,
) -> HeldBack:
    """What holds a ready lead back: the first thing that would have to change."""
    if stage not in RIPENS_FROM:
        return HeldBack("with_sales")
    if awaits_approval:
        return HeldBack("approval")
    if future_at is not None and future_at > now:
        return HeldBack("future", future_at)
    if until := left_alone_until(last, now, policy):
        return HeldBack("given_back", until)
    # Silence hands nobody over: an armed lead goes with the next thing it does.
    return HeldBack("next_sign" if armed else "not_armed")
