"""Hand over: the ripest first, within capacity, each with everything sales must know."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import ripen
from nurture.rules.heat import log2_value
from nurture.rules.stages import WITH_SALES
from nurture.rules.tokens import KeyRing, mint
from nurture.store import models, releases
from nurture.store.releases import Capacity, PastSignal, Seller, Waiting
from nurture.store.webhooks import Message, write_messages
from nurture.webhooks import payload

# Someone who asks to be called is not kept waiting for a free place; the place is counted all the same.
_BEYOND_CAPACITY = "direct_request"


def hand_over(
    sessions: sessionmaker[Session], ring: KeyRing, base_url: str, *, now: datetime, limit: int = 200
) -> int:
    """Release waiting hand-offs and write the `lead.hot` message of each in the same transaction; how many
    were released or withdrawn. The message of a ripening is written once, whoever runs this how often.

    `ring` and `base_url` make the card's address and the signed answer_url.
    """
    with sessions.begin() as session:
        if not releases.try_lock(session):
            return 0
        free = _free(session, now)
        candidates = releases.next_waiting(
            session, full=free is not None and free <= 0, cooling=ripen.COOLING, limit=limit
        )
        waiting = releases.details(session, candidates)
        erased = [one.lead_id for one in waiting if one.erased]
        cooled = [one.lead_id for one in waiting if not one.erased and _has_cooled(one)]
        withdrawn = ripen.withdraw(session, erased, "erased", now=now, causes=ripen.CAUSES)
        withdrawn += ripen.withdraw(session, cooled, "cooled before the hand-over", now=now)
        still = [one for one in waiting if not one.erased and not _has_cooled(one)]
        ripe = _within(still, free)
        _release(session, ripe, _Links(ring, base_url), now)
        return withdrawn + len(ripe)


class _Links:
    def __init__(self, ring: KeyRing, base_url: str) -> None:
        self._ring = ring
        self._base_url = base_url

    def card(self, lead_id: int) -> str:
        return f"{self._base_url}/leads/{lead_id}"

    def answer(self, handoff_id: int) -> str:
        return f"{self._base_url}/answer/{mint(self._ring, 'answer', handoff_id)}"


def _has_cooled(one: Waiting) -> bool:
    return one.cooled and one.cause in ripen.COOLING


def _free(session: Session, now: datetime) -> int | None:
    """How many more may be released today; None = unlimited."""
    capacity = releases.capacity(session)
    if capacity.per_day is None:
        return None
    return capacity.per_day - releases.released_since(session, _start_of_day(capacity, now))


def _within(waiting: list[Waiting], free: int | None) -> list[Waiting]:
    """Those that capacity lets out now, in the order given."""
    if free is None:
        return waiting
    chosen = []
    for one in waiting:
        if one.cause == _BEYOND_CAPACITY or free > 0:
            chosen.append(one)
            free -= 1
    return chosen


def _start_of_day(capacity: Capacity, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(capacity.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _release(session: Session, ripe: Sequence[Waiting], links: _Links, now: datetime) -> None:
    if not ripe:
        return
    owners = _assign(session, ripe)
    signals = releases.recent_signals(session, [one.lead_id for one in ripe], payload.RECENT_SIGNALS)
    releases.release(
        session, {one_id: owner.id if owner else None for one_id, owner in owners.items()}, now=now
    )
    half_life = _half_life(session)
    messages = [
        _hot(one, owners[one.id], signals[one.lead_id], _heat(one, half_life, now), links) for one in ripe
    ]
    write_messages(session, messages, now=now)


def _assign(session: Session, ripe: Sequence[Waiting]) -> dict[int, Seller | None]:
    """Hand-off -> who takes it: the lead's owner, else whoever of sales holds the fewest, else nobody."""
    owned = sorted({one.owner_id for one in ripe if one.owner_id is not None})
    sellers = {seller.id: seller for seller in releases.sellers(session, owned, WITH_SALES)}
    return {one.id: _take(one, sellers) for one in ripe}


def _take(one: Waiting, sellers: Mapping[int, Seller]) -> Seller | None:
    chosen = sellers.get(one.owner_id) if one.owner_id is not None else None
    if chosen is None:
        team = [seller for seller in sellers.values() if seller.sales]
        chosen = min(team, key=lambda seller: (seller.holds, seller.id), default=None)
    if chosen is not None:
        chosen.holds += 1
    return chosen


def _half_life(session: Session) -> float | None:
    """Seconds in which heat of the default model halves; None while there is no such model."""
    return next((live.model.half_life_s for live in models.live(session) if live.is_default), None)


def _heat(one: Waiting, half_life: float | None, now: datetime) -> float:
    """The heat that lists show now; without a default model, that with which the lead ripened."""
    if half_life is None:
        return one.heat
    return 0.0 if one.heat_log2 is None else log2_value(one.heat_log2, now, half_life)


def _hot(
    one: Waiting, owner: Seller | None, signals: Sequence[PastSignal], heat: float, links: _Links
) -> Message:
    card = payload.LeadCard(
        id=one.lead_id,
        url=links.card(one.lead_id),
        email=one.email,
        name=one.name or None,
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
        answer_url=links.answer(one.id),
    )
    return Message("lead.hot", data, one.lead_id, f"lead.hot:{one.lead_id}:{one.ripening_no}")


def _owner(owner: Seller | None) -> dict[str, Any] | None:
    return {"id": owner.id, "name": owner.name, "email": owner.email} if owner else None
