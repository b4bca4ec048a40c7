"""What may be claimed now: quotas and warm-ups of the way out, limits and paces of those who receive."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.rules import pacing as rules
from nurture.rules.pacing import Pace, Quota, WarmUp
from nurture.rules.providers import by_domain
from nurture.rules.transports import Limits
from nurture.store import deliveries, pacing, senders
from nurture.store.deliveries import Claimed
from nurture.store.pacing import DOMAIN, PROVIDER

# What cannot go yet is looked at again after this long at the latest: a limit may have been raised.
_HORIZON = timedelta(minutes=10)
_AGAIN = timedelta(minutes=1)
# A domain that is paused or warmed up has nothing to say for longer.
_DOMAIN_AGAIN = timedelta(minutes=5)
# A chunk holds what goes out in about this time, so that it does not stand in the way of others.
_CHUNK_SECONDS = 2.0
Rates = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Paces:
    """The limits that hold at this moment; `domains` are those of the senders there are."""

    limits: Mapping[tuple[str, str], Limits] = field(default_factory=dict)
    slowed: Mapping[str, Pace] = field(default_factory=dict)
    warm_ups: Mapping[tuple[str, str], WarmUp] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def has_others(self, domain: str) -> bool:
        """Whether mails come from another domain too, or one that owners write from is held back."""
        warmed = {name for kind, name in self.warm_ups if kind == "domain"}
        return bool((self.domains | self.paused | warmed) - {domain.lower()})

    def all_paused(self, domain: str) -> bool:
        """Whether nothing may be sent, from this domain or any other."""
        return self.domains | {domain.lower()} <= self.paused

    @property
    def for_receivers(self) -> bool:
        """Whether it matters where mails go."""
        return bool(self.limits or self.slowed)


def read(session: Session) -> Paces:
    """Five small reads."""
    return Paces(
        pacing.limits(session),
        pacing.paces(session),
        pacing.warm_ups(session),
        frozenset(pacing.sender_pauses(session)),
        senders.domains(session),
    )


def quotas_of(paces: Paces, key: str, limits: Limits, sending_domain: str, now: datetime) -> list[Quota]:
    """The quotas over a transport, and over a sending domain while it is warmed up."""
    found = rules.quotas(f"transport:{key}", limits)
    for kind, name in (("transport", key), ("domain", sending_domain)):
        quota = _warm_up(paces, kind, name, now)
        if quota is not None:
            found.append(quota)
    return found


def _warm_up(paces: Paces, kind: str, name: str, now: datetime) -> Quota | None:
    schedule = paces.warm_ups.get((kind, name))
    return rules.warm_up_quota(f"{kind}:{name}", schedule, now) if schedule else None


def hold_domains(
    session: Session, paces: Paces, domains: Mapping[int, str], *, now: datetime
) -> tuple[set[int], Mapping[int, str]]:
    """`domains` is the sending domain of each claimed delivery. Those whose domain is paused, or has sent
    what its warm-up allows today, are given back for a while; the scope that each of the others is booked
    on."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for one, domain in domains.items():
        groups[domain].append(one)
    held: list[int] = []
    booked: dict[int, str] = {}
    for domain, ids in sorted(groups.items()):
        quota = _warm_up(paces, "domain", domain, now)
        given = len(ids)
        if domain in paces.paused:
            given = 0
        elif quota is not None:
            given = pacing.reserve(session, [quota], given, now=now)
            booked |= dict.fromkeys(ids[:given], quota.scope)
            pacing.book(session, ids[:given], [quota.scope], now=now)
        held += ids[given:]
    deliveries.put_back(session, dict.fromkeys(held, now + _DOMAIN_AGAIN), reason="paced")
    return set(held), booked


def give_back(session: Session, booked: Mapping[int, str], unsent: Collection[int], *, at: datetime) -> None:
    """Mails that were booked on the schedule of their domain and have not gone out."""
    for scope, n in Counter(booked[one] for one in unsent if one in booked).items():
        pacing.give_back(session, [scope], n, at=at)


@dataclass(frozen=True)
class Receivers:
    """Where the mails of a chunk go: `provider` and `domain` by delivery id, `rates` the scopes that
    bound it."""

    provider: Mapping[int, str]
    rates: Mapping[int, Rates]


def provider_key(domain: str, looked_up: Mapping[str, str]) -> str:
    """The provider of a domain; a domain of nobody known stands for itself."""
    found = by_domain(domain) or looked_up.get(domain)
    return found if found and found != "others" else domain


def domain_of(address: str | None) -> str:
    return (address or "").rpartition("@")[2].lower()


def providers_of(session: Session, addresses: Mapping[int, str | None]) -> dict[int, str]:
    """The provider of each address, by whatever names it."""
    domains = {key: domain_of(one) for key, one in addresses.items()}
    unknown = {domain for domain in domains.values() if by_domain(domain) is None}
    looked_up = pacing.providers_of(session, unknown)
    return {key: provider_key(domain, looked_up) for key, domain in domains.items()}


def hold_back(
    session: Session, paces: Paces, claimed: Sequence[Claimed], *, now: datetime
) -> tuple[set[int], Mapping[int, Rates]]:
    """Those that may not go now, given back with a time of their own; and what bounds each of the others. A
    receiver that is slow holds up nobody else."""
    if not paces.for_receivers:
        return set(), {}
    providers = providers_of(session, {one.id: one.address for one in claimed})
    bounds: dict[int, Rates] = {}
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for one in claimed:
        groups[providers[one.id], domain_of(one.address)].append(one.id)
    later: dict[int, datetime] = {}
    for (provider, domain), ids in sorted(groups.items()):
        found = _bounds(paces, provider, domain, now)
        quotas = [one for scope, limits in found.items() for one in rules.quotas(scope, limits)]
        allowed, again = _allowed(session, found, quotas, len(ids), now)
        pacing.book(session, ids[:allowed], {one.scope for one in quotas}, now=now)
        rest = ids[allowed:]
        later |= dict(zip(rest, _turns(rest, found, now, again), strict=True))
        rates = [(scope, limits.per_second) for scope, limits in found.items() if limits.per_second]
        bounds |= dict.fromkeys(ids[:allowed], rates)
    deliveries.put_back(session, later, reason="paced")
    return set(later), {one: rates for one, rates in bounds.items() if rates}


def _bounds(paces: Paces, provider: str, domain: str, now: datetime) -> dict[str, Limits]:
    """The limits over a provider and a domain by scope; a provider that has asked for it gets less."""
    found = {
        f"{kind}:{name}": paces.limits[kind, name]
        for kind, name in ((PROVIDER, provider), (DOMAIN, domain))
        if (kind, name) in paces.limits
    }
    slowed = paces.slowed.get(provider)
    rate = rules.rate_now(slowed, now) if slowed else None
    if rate is not None:
        scope = f"{PROVIDER}:{provider}"
        known = found.get(scope, Limits())
        found[scope] = Limits(rules.tightest([known.per_second, rate]), known.per_hour, known.per_day)
    return found


def _allowed(
    session: Session, bounds: Mapping[str, Limits], quotas: Sequence[Quota], wanted: int, now: datetime
) -> tuple[int, timedelta | None]:
    """How many may go with this chunk, and when to look again if quotas are the reason for fewer."""
    rate = rules.tightest([limits.per_second for limits in bounds.values()])
    fits = wanted if rate is None else min(wanted, max(1, int(rate * _CHUNK_SECONDS)))
    given = pacing.reserve(session, quotas, fits, now=now) if quotas else fits
    return given, _AGAIN if given < fits else None


def _turns(
    ids: Sequence[int], bounds: Mapping[str, Limits], now: datetime, again: timedelta | None
) -> list[datetime]:
    rate = rules.tightest([limits.per_second for limits in bounds.values()]) or len(ids) / 60 or 1.0
    start = now + (again or timedelta(0))
    return rules.slots(len(ids), rate, start, _HORIZON)
