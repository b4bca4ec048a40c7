"""A lead ripens: its hand-off is made in the transaction that found it ripe; one that cools is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.rules import ripening as rules
from nurture.rules import stages as funnel
from nurture.store import approvals, handoffs, ripening, stages
from nurture.store.ripening import NewHandoff, Ripened, Ripener
from nurture.store.webhooks import Message, write_messages
from nurture.webhooks import payload

_BY = "readiness"


@dataclass(frozen=True, slots=True)
class Ripe:
    """A lead found ripe. `cause`: threshold, direct_request, bant, step, hand. `reasons` are
    {"text", "points"}; `rise` the threshold it was held against (None: that of the model's live version)."""

    lead_id: int
    model_id: int
    cause: str
    score: float
    reasons: Sequence[Mapping[str, Any]]
    temperature: str
    heat: float
    grade: str | None
    rise: float | None = None


def ripen(session: Session, ripe: Sequence[Ripe], *, now: datetime) -> list[int]:
    """Make the hand-offs of these leads in the caller's transaction; the ids of the new ones.

    A lead ripens once until it is armed again; one whom sales has already is left alone, but a direct
    request moves a hand-off that waits to the front. Repeating the call does nothing.
    """
    chosen = {one.lead_id: one for one in ripe}
    if not chosen:
        return []
    leads = ripening.lock(session, list(chosen), funnel.OPEN)
    _hurry(session, chosen, leads)
    going = [one for one in chosen.values() if _may_ripen(one, leads.get(one.lead_id))]
    if not going:
        return []
    rises = ripening.rises(session, sorted({one.model_id for one in going}))
    made = ripening.insert(session, [_handoff(one, rises) for one in going], now=now)
    approvals.settle(session, [one.lead_id for one in made], now=now)
    moves = [stages.StageMove(one.lead_id, "sales_ready", _reason(chosen[one.lead_id])) for one in made]
    stages.move(session, moves, now=now, by=_BY)
    write_messages(session, [_ready(one, chosen[one.lead_id], rises) for one in made], now=now)
    return [one.id for one in made]


def withdraw(
    session: Session,
    lead_ids: Sequence[int],
    reason: str,
    *,
    now: datetime,
    causes: Sequence[str] = rules.COOLING,
    told: Sequence[str] = funnel.WITH_SALES,
) -> int:
    """Take back what was said of leads that have cooled, or whose signals turned out not to be theirs.

    A hand-off that waits is withdrawn and the lead goes on being nurtured; one that sales has stays with
    sales, is marked, and `handoff.revised` tells them once. Only hand-offs made for one of `causes` are
    touched, and of those with sales the ones in the states `told`. Returns how many were concerned.
    """
    if not lead_ids:
        return 0
    leads = ripening.lock(session, lead_ids, funnel.OPEN)
    withdrawn = ripening.withdraw_waiting(session, list(leads), causes, now=now)
    back = [stages.StageMove(lead_id, _back(session, lead_id), reason) for lead_id in withdrawn]
    stages.move(session, back, now=now, by=_BY)
    revised = ripening.mark_revised(session, list(leads), told, causes, now=now)
    messages = [
        Message(
            "handoff.revised",
            payload.revised(handoff_id, lead_id, reason),
            lead_id,
            f"handoff.revised:{handoff_id}",
        )
        for handoff_id, lead_id in revised
    ]
    write_messages(session, messages, now=now)
    for handoff_id, _lead_id in revised:
        handoffs.note_event(session, handoff_id, "revised", by=_BY, now=now, detail={"note": reason})
    return len(withdrawn) + len(revised)


def _back(session: Session, lead_id: int) -> str:
    return funnel.returned_to(stages.ripened_from(session, lead_id))


def _hurry(session: Session, chosen: Mapping[int, Ripe], leads: Mapping[int, Ripener]) -> None:
    for cause in sorted(rules.URGENT):
        waiting = [
            lead.open_handoff
            for lead in leads.values()
            if lead.open_handoff is not None and chosen[lead.id].cause == cause
        ]
        if waiting:
            ripening.make_urgent(session, waiting, cause)


def _may_ripen(one: Ripe, lead: Ripener | None) -> bool:
    if lead is None or not lead.real:
        return False
    is_open = lead.open_handoff is not None
    return rules.makes_handoff(one.cause, stage=lead.stage, armed=lead.armed, is_open=is_open)


def _handoff(one: Ripe, rises: Mapping[int, float]) -> NewHandoff:
    return NewHandoff(
        lead_id=one.lead_id,
        model_id=one.model_id,
        cause=one.cause,
        score=one.score,
        rise=_rise(one, rises),
        reasons=list(one.reasons),
        temperature=one.temperature,
        heat=one.heat,
        grade=one.grade,
        priority=one.cause in rules.URGENT,
    )


def _rise(one: Ripe, rises: Mapping[int, float]) -> float:
    return rises[one.model_id] if one.rise is None else one.rise


_REASONS = {
    "threshold": "readiness passed the threshold",
    "direct_request": "asked to be contacted",
    "bant": "budget, authority, need and timing are all yes",
    "step": "a step of the chain hands over",
    "hand": "handed over by hand",
}


def _reason(one: Ripe) -> str:
    return _REASONS[one.cause]


def _ready(made: Ripened, one: Ripe, rises: Mapping[int, float]) -> Message:
    ripeness = payload.Ripeness(
        temperature=one.temperature,
        heat=one.heat,
        grade=one.grade,
        score=one.score,
        rise=_rise(one, rises),
        reasons=one.reasons,
        bant=made.bant,
    )
    data = payload.ready(made.id, made.lead_id, one.cause, ripeness)
    return Message("lead.ready", data, made.lead_id, f"lead.ready:{made.lead_id}:{made.ripening_no}")
