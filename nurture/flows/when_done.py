"""When what waits will have gone out: by the limits of its way out, the warm-up of its sender, and what went
out a second lately."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows.standing import PAUSED, WarmUpStands, WayStands, warm_ups, ways
from nurture.rules import pacing as rules
from nurture.rules.pacing import DAY, HOUR, Flow
from nurture.store import installation, pacing, senders, transports
from nurture.store.views import sending_now
from nurture.store.views.sending_now import Going

MOST_COUNTED = 100_000
NOTHING_GOES: Mapping[int, Flow] = {}


@dataclass(frozen=True)
class Outlook:
    """What bounds the mails from each sending domain by each way out that lets any out now, by its id;
    `chosen` the way out of each newsletter that has one of its own, `domains` the domain of each that has
    another sender than the default, whose is `domain`."""

    flows: Mapping[str, Mapping[int, Flow]]
    default: int
    chosen: Mapping[int, int]
    domain: str
    domains: Mapping[int, str]

    def end(
        self, waiting: int, *, measured: float | None, now: datetime, newsletter_id: int | None = None
    ) -> datetime | None:
        """When the last of so many waiting mails goes out; None when nothing is known of the pace, or nothing
        goes at all. `measured`: what went out a second lately."""
        flows = self.flows[self.domains.get(newsletter_id or 0, self.domain)]
        flow = flows.get(self.chosen.get(newsletter_id or 0, self.default))
        return rules.estimated_end(waiting, flow, measured or None, now) if flow is not None else None


def outlook(session: Session, *, now: datetime) -> Outlook:
    """In a fixed number of statements."""
    stand, schedules = ways(session, now=now), warm_ups(session, now=now)
    house = installation.get(session)
    domain, domains = house.sender_domain, senders.of_newsletters(session)
    paused = pacing.sender_pauses(session)
    flows = {
        one: NOTHING_GOES
        if house.sending_stopped or one in paused
        else {way.id: _flow(way, schedules, one) for way in stand if way.state != PAUSED}
        for one in {domain, *domains.values()}
    }
    chosen = {
        number: way for (kind, number), way in transports.choices(session).items() if kind == "newsletter"
    }
    default = next(way.id for way in stand if way.is_default)
    return Outlook(flows, default, chosen, domain, domains)


@dataclass(frozen=True)
class Ahead:
    """How many mails are due, counted to MOST_COUNTED, and when the last of them goes out; None: unknown."""

    waiting: int
    end: datetime | None


def ahead(session: Session, *, now: datetime) -> Ahead:
    """What still goes out, and until when that takes."""
    waiting = pacing.waiting(session, now=now, most=MOST_COUNTED)
    if not waiting:
        return Ahead(0, None)
    measured = transports.rate_lately(session, now=now)
    return Ahead(waiting, outlook(session, now=now).end(waiting, measured=measured, now=now))


def going(session: Session, *, now: datetime) -> list[Going]:
    """What goes out at this moment, each with its estimated end."""
    found = sending_now.going(session, now=now)
    if not found:
        return []
    seen = outlook(session, now=now)
    return [
        replace(
            one,
            ends_at=seen.end(one.left, measured=one.rate, now=now, newsletter_id=one.newsletter_id)
            if one.left and one.exact
            else None,
        )
        for one in found
    ]


def _flow(way: WayStands, schedules: list[WarmUpStands], domain: str) -> Flow:
    quotas = {}
    if way.left_hour is not None and way.limits.per_hour is not None:
        quotas[HOUR] = (way.left_hour, way.limits.per_hour)
    days = [(way.left_day, way.limits.per_day)]
    days += [(one.left, one.most) for one in schedules if one.name in (way.key, domain)]
    bounded = [(left, most) for left, most in days if left is not None and most is not None]
    if bounded:
        quotas[DAY] = min(bounded)
    return Flow(way.limits.per_second, quotas)
