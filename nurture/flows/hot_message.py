"""The `lead.hot` message: everything that sales must know, from what is read at the release."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.rules.heat import log2_value
from nurture.rules.routing import Seller
from nurture.rules.tokens import KeyRing, mint
from nurture.store import models, releases
from nurture.store.releases import Colleague, PastSignal, Waiting
from nurture.store.webhooks import Message
from nurture.webhooks import payload


class Links:
    """The signed and plain addresses of a message."""

    def __init__(self, ring: KeyRing, base_url: str) -> None:
        self._ring = ring
        self._base_url = base_url

    def card(self, lead_id: int) -> str:
        return f"{self._base_url}/leads/{lead_id}"

    def inbox(self, handoff_id: int) -> str:
        return f"{self._base_url}/handoffs/{handoff_id}"

    def answer(self, handoff_id: int) -> str:
        return f"{self._base_url}/answer/{mint(self._ring, 'answer', handoff_id)}"


def hot_messages(
    session: Session, chosen: Sequence[tuple[Waiting, Seller | None]], links: Links, *, now: datetime
) -> list[Message]:
    """A message for each released hand-off and whoever takes it, in four statements."""
    lead_ids = [one.lead_id for one, _ in chosen]
    signals = releases.recent_signals(session, lead_ids, payload.RECENT_SIGNALS)
    centres = releases.buying_centres(session, lead_ids, payload.BUYING_CENTRE)
    half_life = _half_life(session)
    return [
        _hot(one, owner, signals[one.lead_id], centres[one.lead_id], _heat(one, half_life, now), links)
        for one, owner in chosen
    ]


def _half_life(session: Session) -> float | None:
    """Seconds in which heat of the default model halves; None while there is no such model."""
    return next((live.model.half_life_s for live in models.live(session) if live.is_default), None)


def _heat(one: Waiting, half_life: float | None, now: datetime) -> float:
    """The heat that lists show now; without a default model, that with which the lead ripened."""
    if half_life is None:
        return one.heat
    return 0.0 if one.heat_log2 is None else log2_value(one.heat_log2, now, half_life)


def _hot(
    one: Waiting,
    owner: Seller | None,
    signals: Sequence[PastSignal],
    centre: Sequence[Colleague],
    heat: float,
    links: Links,
) -> Message:
    card = payload.LeadCard(
        id=one.lead_id,
        url=links.card(one.lead_id),
        email=one.email,
        name=one.name or None,
        first_name=one.first_name,
        last_name=one.last_name,
        phone=one.phone,
        company=one.company,
        role=one.role,
        timezone=one.timezone,
        language=one.language,
    )
    ripeness = payload.Ripeness(
        temperature=one.temperature,
        heat=heat,
        grade=one.grade,
        score=one.score,
        rise=one.rise,
        reasons=one.reasons,
        bant=one.bant,
    )
    data = payload.hot(
        one.id,
        card,
        ripeness,
        source=one.source,
        owner=_owner(owner),
        signals=[payload.RecentSignal(s.kind, s.occurred_at, s.mail, s.data) for s in signals],
        centre=[_contact(person, links) for person in centre],
        answer_url=links.answer(one.id),
    )
    return Message("lead.hot", data, one.lead_id, f"lead.hot:{one.lead_id}:{one.ripening_no}")


def _contact(one: Colleague, links: Links) -> payload.Contact:
    return payload.Contact(
        id=one.id,
        url=links.card(one.id),
        name=one.name,
        email=one.email,
        phone=one.phone,
        role=one.role,
        buying_role=one.buying_role,
        temperature=one.temperature,
        grade=one.grade,
        stage=one.stage,
        last_touch=one.last_touch,
    )


def _owner(owner: Seller | None) -> dict[str, Any] | None:
    return {"id": owner.id, "name": owner.name, "email": owner.email} if owner else None
