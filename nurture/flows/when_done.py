"""When what waits will have gone out: by the limits of its way out, the warm-up of its sender, and what went
out a second lately."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.flows.standing import PAUSED, WarmUpStands, WayStands, warm_ups, ways
from nurture.rules import pacing as rules
from nurture.rules.pacing import DAY, HOUR, Flow
from nurture.store import domains, installation, pacing, senders, transports
from nurture.store.views import sending_now
from nurture.store.views.sending_now import Going

MOST_COUNTED = 100_000
NOTHING_GOES: Mapping[int, Flow] = {}
# How many mails wait, by the domain that they come from and their way out (None: the default).
Waiting = Mapping[tuple[str, int | None], int]
# In the place of a domain: no schedule of any bounds it.
SHARED = ""


@dataclass(frozen=True)
class Outlook:
    """What bounds the mails from each sending domain by each way out that lets any out now, by its id
    (SHARED: all that are sent by it, whoever speaks); `schedules` what bounds all from a domain; `chosen` the
    way out of each newsletter that has one of its own, `domains` the domain of each that has another sender
    than the default, whose is `domain`."""

    flows: Mapping[str, Mapping[int, Flow]]
    schedules: Mapping[str, Flow]
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

    def end_of_all(self, speaking: Waiting, *, measured: float | None, now: datetime) -> datetime | None:
        """When the last of mails in several names goes out: those of one way out share it, and those of one
        domain its schedule. None where some of them do not go."""
        by_way: Counter[int] = Counter()
        by_domain: Counter[str] = Counter()
        for (domain, chosen), waiting in speaking.items():
            way = chosen or self.default
            if waiting and way not in self.flows[domain]:
                return None
            by_way[way] += waiting
            by_domain[domain] += waiting
        shares = [(self.flows[SHARED][way], waiting) for way, waiting in by_way.items() if waiting]
        shares += [(self.schedules[domain], waiting) for domain, waiting in by_domain.items() if waiting]
        # Where nothing bounds a share and nothing went out lately, nothing is known of it: the others tell.
        told = [
            rules.estimated_end(waiting, flow, measured or None, now)
            for flow, waiting in shares
            if flow.rate or measured or flow.quotas
        ]
        return None if None in told else max((one for one in told if one is not None), default=None)


def outlook(session: Session, *, now: datetime, more: Collection[str] = ()) -> Outlook:
    """In a fixed number of statements. `more`: domains that mails come from beside those of newsletters."""
    stand, schedules = ways(session, now=now), warm_ups(session, now=now)
    house = installation.get(session)
    domain, domains = house.sender_domain, senders.of_newsletters(session)
    paused = pacing.sender_pauses(session)
    names = {SHARED, domain, *domains.values(), *more}
    flows = {
        one: NOTHING_GOES
        if house.sending_stopped or one in paused
        else {way.id: _flow(way, schedules, one) for way in stand if way.state != PAUSED}
        for one in names
    }
    bounds = {one: Flow(None, _quotas([], schedules, one)) for one in names}
    chosen = {
        number: way for (kind, number), way in transports.choices(session).items() if kind == "newsletter"
    }
    default = next(way.id for way in stand if way.is_default)
    return Outlook(flows, bounds, default, chosen, domain, domains)


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
    by_domain = _by_domain(session, newsletters=True, waiting=waiting, now=now)
    seen = outlook(session, now=now, more={domain for domain, _way in by_domain})
    return Ahead(waiting, seen.end_of_all(by_domain, measured=measured, now=now))


def going(session: Session, *, now: datetime) -> list[Going]:
    """What goes out at this moment, each with its estimated end."""
    found = sending_now.going(session, now=now)
    if not found:
        return []
    of_chains = next((one.left for one in found if one.newsletter_id is None), 0)
    by_domain = _by_domain(session, newsletters=False, waiting=of_chains, now=now) if of_chains else {}
    seen = outlook(session, now=now, more={domain for domain, _way in by_domain})
    return [
        replace(one, ends_at=_end(seen, one, by_domain, now) if one.left and one.exact else None)
        for one in found
    ]


def _end(seen: Outlook, one: Going, by_domain: Waiting, now: datetime) -> datetime | None:
    if one.newsletter_id is None:
        return seen.end_of_all(by_domain, measured=one.rate, now=now)
    return seen.end(one.left, measured=one.rate, now=now, newsletter_id=one.newsletter_id)


def _by_domain(session: Session, *, newsletters: bool, waiting: int, now: datetime) -> Waiting:
    """How many of the mails that wait come from which domain, that of the sender that each of them will have
    (flows/in_whose_name), and by which way out. What is on its way already comes from the default one by the
    default one, as far as this goes."""
    house = installation.get(session).sender_domain
    told = sending_now.speaking(session, now=now, newsletters=newsletters, most=MOST_COUNTED)
    named = {row.key: row.domain for row in senders.every(session)}
    spoken = {said.rpartition("@")[2] for said, _way in told if "@" in said}
    proven = domains.proven(session, spoken) if spoken else frozenset()
    found: Counter[tuple[str, int | None]] = Counter({(house, None): max(waiting - sum(told.values()), 0)})
    for (said, way), many in told.items():
        domain = said.rpartition("@")[2] if "@" in said else named.get(said, house)
        found[domain if "@" not in said or domain in proven else house, way] += many
    return found


def _flow(way: WayStands, schedules: list[WarmUpStands], domain: str) -> Flow:
    quotas = _quotas([(way.left_day, way.limits.per_day)], schedules, way.key, domain)
    if way.left_hour is not None and way.limits.per_hour is not None:
        quotas[HOUR] = (way.left_hour, way.limits.per_hour)
    return Flow(way.limits.per_second, quotas)


def _quotas(
    days: list[tuple[int | None, int | None]], schedules: list[WarmUpStands], *names: str
) -> dict[timedelta, tuple[int, int]]:
    """What is left today, and how many a day: the tightest of these and of the schedules of these names."""
    days = [*days, *((one.left, one.most) for one in schedules if one.name in names)]
    bounded = [(left, most) for left, most in days if left is not None and most is not None]
    return {DAY: min(bounded)} if bounded else {}
