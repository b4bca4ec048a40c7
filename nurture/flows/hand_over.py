"""Hand over: the ripest first, within capacity, each with everything sales must know."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import ripen, sales_notice
from nurture.flows.hot_message import Links, hot_messages
from nurture.flows.leave import leave_on
from nurture.flows.routing import SalesFloor, sales_floor
from nurture.rules import ripening
from nurture.rules.conditions import signals_asked
from nurture.rules.routing import Seller, choose
from nurture.rules.stages import WITH_SALES
from nurture.rules.tokens import KeyRing
from nurture.store import facts, releases
from nurture.store.releases import Capacity, Release, Waiting
from nurture.store.webhooks import write_messages

# So many waiting ones are looked through in a turn when those before them find nobody with room.
_LOOK_AHEAD = 5_000

Chosen = tuple[Waiting, Seller | None]


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
        return _turn(session, Links(ring, base_url), now, limit)


def _turn(session: Session, links: Links, now: datetime, limit: int) -> int:
    free = _free(session, now)
    full = (free is not None and free <= 0) or not sales_floor(session, (), now=now).routing.with_room()
    candidates = releases.next_waiting(session, full=full, cooling=ripening.COOLING, limit=_LOOK_AHEAD)
    done = 0
    for start in range(0, len(candidates), limit):
        batch = candidates[start : start + limit]
        mine = releases.lock_leads(session, batch)
        waiting = releases.details(session, [one for one in batch if one in mine])
        done += _end(session, waiting, now)
        still = [one for one in waiting if not one.erased and not _has_cooled(one)]
        floor = sales_floor(session, _owners(still), now=now)
        few = free is not None or floor.routing.limited()
        ripe = _before_the_first_missing(still, batch, mine) if few else still
        taken = _release(session, _choose(session, ripe, floor, free, now), floor, links, now)
        free = None if free is None else free - taken
        done += taken
        if done >= limit or len(mine) < len(batch) or (free is not None and free <= 0):
            break
    return done


def _owners(waiting: Sequence[Waiting]) -> list[int]:
    return sorted({one.owner_id for one in waiting if one.owner_id is not None})


def _end(session: Session, waiting: Sequence[Waiting], now: datetime) -> int:
    """Withdraw those whose lead was erased or has cooled; how many."""
    erased = [one.lead_id for one in waiting if one.erased]
    cooled = [one.lead_id for one in waiting if not one.erased and _has_cooled(one)]
    withdrawn = ripen.withdraw(session, erased, "erased", now=now, causes=ripening.CAUSES)
    return withdrawn + ripen.withdraw(session, cooled, "cooled before the hand-over", now=now)


def _before_the_first_missing(still: list[Waiting], batch: Sequence[int], mine: set[int]) -> list[Waiting]:
    """Where places are few, nobody less ripe goes before a lead that is being changed at this moment."""
    ahead = set(takewhile(lambda one: one in mine, batch))
    return [one for one in still if one.id in ahead or one.cause == ripening.BEYOND_CAPACITY]


def _has_cooled(one: Waiting) -> bool:
    return ripening.has_cooled(one.cause, armed=one.cooled)


def _free(session: Session, now: datetime) -> int | None:
    """How many more may be released today; None = unlimited."""
    capacity = releases.capacity(session)
    if capacity.per_day is None:
        return None
    return capacity.per_day - releases.released_since(session, _start_of_day(capacity, now))


def _start_of_day(capacity: Capacity, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(capacity.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _release(
    session: Session, chosen: Sequence[Chosen], floor: SalesFloor, links: Links, now: datetime
) -> int:
    """Hand these over; how many."""
    if not chosen:
        return 0
    given = [
        Release(
            one.id,
            owner.id if owner else None,
            floor.team_of(owner),
            floor.due_at(owner, now) if owner else None,
        )
        for one, owner in chosen
    ]
    releases.release(session, given, now=now)
    write_messages(session, hot_messages(session, chosen, links, now=now), now=now)
    sales_notice.tell_released(session, [one.id for one in given], links, now=now)
    leave_on(session, [one.lead_id for one, _owner in chosen], "hand_over", "handed_over", now=now)
    return len(chosen)


def _choose(
    session: Session, ripe: Sequence[Waiting], floor: SalesFloor, free: int | None, now: datetime
) -> list[Chosen]:
    """Each lead with whoever takes it, in the order given, at most `free`; those for whom nobody has room are
    left out and wait."""
    if not ripe:
        return []
    asked = signals_asked([route.condition for route in floor.routing.routes], now)
    known = facts.load(session, [one.lead_id for one in ripe], now=now, asked=asked)
    speakers = releases.speakers(session, [one.company_id for one in ripe if one.company_id], WITH_SALES)
    chosen: list[Chosen] = []
    for one in ripe:
        urgent = one.cause == ripening.BEYOND_CAPACITY
        if free is not None and len(chosen) >= free and not urgent:
            continue
        lead = replace(known[one.lead_id], owner=one.owner_id)
        speaks_there = speakers.get(one.company_id or 0)
        choice = choose(floor.routing, lead, urgent=urgent, now=now, speaks_there=speaks_there)
        if choice.waits:
            continue
        if choice.seller is not None:
            choice.seller.take()
            speakers.setdefault(one.company_id or 0, choice.seller.id)
        chosen.append((one, choice.seller))
    return chosen
