"""What the tables know about hits: the mail they are on, and everything that stands near them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.rules.crowds import VISIT, Trace, door_of, grouped, network
from nurture.rules.evidence import LEAST_CAUGHT, Past
from nurture.rules.happened import not_ahead
from nurture.rules.hits import CLICK, OPEN, TRAP_LABEL, Hit
from nurture.rules.networks import Known, Tally, addresses_in
from nurture.rules.robots import HUMAN, MACHINE, OVERRULED, Verdict, says_robot
from nurture.rules.signs import MANY_RECIPIENTS, TELLING, WEIGHED
from nurture.rules.surroundings import (
    GATE,
    LEAST_AT_ADDRESS,
    LEAST_AT_DOMAIN,
    LEAST_ON_MAIL,
    Surroundings,
    company_of,
    gate_of,
)
from nurture.rules.visitors import is_near
from nurture.store import hits, neighbours, networks
from nurture.store.hits import Arrived, HitDelivery, HitLink, JudgedHit
from nurture.store.signals import TRACKING, NewSignal

# Mails to ourselves: whoever reads them is not the lead they may be about.
_NOT_FROM_LEADS = frozenset(("test", "notice"))
# Of so many networks the past is looked up by one statement.
_ASKED_AT_ONCE = 32
SIGNAL_KINDS = {OPEN: "opened", CLICK: "clicked"}


class Scene:
    """Hits and what surrounds them. `links` and `deliveries` are those of the hits, by id; `near` what was
    recorded near them before. `until` is how far visits from their networks are known: to the last of these
    hits, unless they are looked at again."""

    def __init__(
        self,
        session: Session,
        arrived: Sequence[Arrived],
        deliveries: Mapping[int, HitDelivery],
        *,
        until: datetime | None = None,
    ) -> None:
        self.deliveries = deliveries
        self.links = _links_of(session, arrived, {})
        self.near = _but(_recorded_near(session, arrived, self.links), arrived)
        self.links |= _links_of(session, self.near, self.links)
        caught = _from_where_machines_came(session, arrived)
        seen = _in_company([*arrived, *self.near], self.links, caught)
        visible = {
            one.hit.delivery_id: deliveries[one.hit.delivery_id].links
            for one in seen
            if one.hit.delivery_id in deliveries
        }
        traces = [_trace(one, deliveries.get(one.hit.delivery_id), self.links) for one in seen]
        self._surroundings = Surroundings(traces, visible)
        self._ask_about_networks(session, traces, caught, until)

    def signs(self, hit: Hit) -> tuple[str, ...]:
        """What the company of a hit tells against it."""
        return self._surroundings.signs(hit.id)

    def _ask_about_networks(
        self, session: Session, traces: Sequence[Trace], caught: dict[str, Past], until: datetime | None
    ) -> None:
        """What is known from elsewhere of those whose hits say too little of themselves."""
        doubted = self._surroundings.doubted()
        asked = sorted({*doubted, *caught})
        if not asked:
            return
        here = grouped(traces, lambda trace: network(trace.ip))
        addresses = {
            name: addresses_in(name, {one.ip for one in here.get(name, ()) if one.ip}) for name in asked
        }
        companies = {one.company for mine in doubted.values() for one in mine if one.company is not None}
        elsewhere = networks.gates(session, companies) | caught
        known = Known(
            visits=_visits(session, addresses, until or max(trace.at for trace in traces)),
            # Where every visit is told, whoever is asked about can be left out.
            caught={name: past for name, past in elsewhere.items() if name not in addresses or ":" in name},
        )
        self._surroundings.weigh(known)

    def turned(self) -> list[tuple[JudgedHit, str]]:
        """Hits recorded before as a person's that, seen with the new ones, are a machine's; and why."""
        people = [one for one in self.near if one.verdict.verdict == HUMAN and not _is_overruled(one)]
        return [(one, " ".join(signs)) for one in people if (signs := self.signs(one.hit))]


def arrived(hit: Hit, delivery: HitDelivery | None) -> Arrived:
    """A hit with what its delivery says about it."""
    since = _since_sent(hit, delivery)
    domain = None
    if delivery is not None and hit.kind == CLICK:
        domain = gate_of(hit.kind, company_of(delivery.address), since)
    return Arrived(hit, _lead_behind(delivery), since, domain)


def signals_of(
    human: Iterable[JudgedHit],
    deliveries: Mapping[int, HitDelivery],
    links: Mapping[int, HitLink],
    *,
    now: datetime,
) -> list[NewSignal]:
    """The signals of people's hits, where a lead stands behind them."""
    told: dict[tuple[str, int | None], dict[str, str]] = {}
    return [
        NewSignal(
            lead_id=one.lead_id,
            kind=SIGNAL_KINDS[one.hit.kind],
            occurred_at=not_ahead(one.hit.at, now),
            source=TRACKING,
            delivery_id=one.hit.delivery_id,
            mail_key=mail,
            data=told.get((mail, one.hit.link_id))
            or told.setdefault((mail, one.hit.link_id), _told(mail, one.hit.link_id, links)),
            id=one.hit.id,
        )
        for one in human
        if one.lead_id is not None
        for mail in (deliveries[one.hit.delivery_id].mail_key,)
    ]


def on_trap(hit: Hit, links: Mapping[int, HitLink]) -> bool:
    """Whether it followed a link that nobody sees."""
    link = links.get(hit.link_id) if hit.link_id is not None else None
    return link is not None and link.label == TRAP_LABEL


def _told(mail: str, link_id: int | None, links: Mapping[int, HitLink]) -> dict[str, str]:
    """The mail of a hit and the link of a click, as their signal tells them."""
    link = links.get(link_id) if link_id is not None else None
    return {"mail": mail} | ({"link": link.label or link.url, "url": link.url} if link else {})


def _links_of(session: Session, seen: Iterable[Arrived], known: Mapping[int, HitLink]) -> dict[int, HitLink]:
    wanted = {one.hit.link_id for one in seen if one.hit.link_id is not None}
    return hits.links_of(session, wanted.difference(known))


def _recorded_near(
    session: Session, fresh: Sequence[Arrived], links: Mapping[int, HitLink]
) -> list[JudgedHit]:
    """What was recorded shortly before and after these hits."""
    return neighbours.near(
        session,
        deliveries=[(one.hit.delivery_id, one.hit.at, _weight(one, links)) for one in fresh],
        addresses=[(one.hit.ip, one.hit.at, 1) for one in fresh if one.hit.ip and not is_near(one.hit.ip)],
        domains=[(one.domain, one.hit.at, 1) for one in fresh if one.domain],
        within=max(VISIT, GATE),
    )


def _but(near: list[JudgedHit], fresh: Sequence[Arrived]) -> list[JudgedHit]:
    """What is near these hits without themselves."""
    if not near:
        return near
    there = {one.hit.id for one in fresh}
    return [one for one in near if one.hit.id not in there]


def _from_where_machines_came(session: Session, fresh: Iterable[Arrived]) -> dict[str, Past]:
    """The networks of these clicks from which so many machines came that it says something of them."""
    ips = {one.hit.ip for one in fresh if one.hit.kind == CLICK and one.hit.ip and not is_near(one.hit.ip)}
    found = networks.caught(session, {name for ip in ips if (name := network(ip))})
    return {name: past for name, past in found.items() if past.caught >= LEAST_CAUGHT}


def _visits(session: Session, addresses: Mapping[str, Sequence[str]], until: datetime) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    names = list(addresses)
    for start in range(0, len(names), _ASKED_AT_ONCE):
        some = {name: addresses[name] for name in names[start : start + _ASKED_AT_ONCE]}
        found |= networks.visits(session, some, until=until)
    return found


def came_from(judged: Iterable[JudgedHit], deliveries: Mapping[int, HitDelivery]) -> dict[str, Tally]:
    """The networks from which machines came that gave themselves away."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for one in judged:
        ip = one.hit.ip
        if ip is None or one.hit.kind != CLICK or TELLING.isdisjoint(one.verdict.reasons) or is_near(ip):
            continue
        delivery = deliveries.get(one.hit.delivery_id)
        company = company_of(delivery.address) if delivery else one.domain
        name = network(ip) or ip
        tallies[name].add(one.hit.delivery_id, caught=True, read=False, company=company)
    return dict(tallies)


def _in_company(
    seen: Sequence[Arrived], links: Mapping[int, HitLink], caught: Mapping[str, Past]
) -> list[Arrived]:
    """Those with company enough to say something of them, or from where machines came: most hits are
    neither."""
    mails: Counter[int] = Counter()
    for one in seen:
        if one.hit.kind == CLICK:
            mails[one.hit.delivery_id] += _weight(one, links)
    addresses: Counter[str | None] = Counter(
        one.hit.ip for one in seen if one.hit.ip is not None and not is_near(one.hit.ip)
    )
    domains: Counter[str | None] = Counter(one.domain for one in seen if one.domain is not None)
    return [
        one
        for one in seen
        if mails[one.hit.delivery_id] >= LEAST_ON_MAIL
        or addresses[one.hit.ip] >= LEAST_AT_ADDRESS
        or domains[one.domain] >= LEAST_AT_DOMAIN
        or (caught and network(one.hit.ip) in caught)
    ]


def _weight(one: Arrived, links: Mapping[int, HitLink]) -> int:
    """What a hit weighs among those on its mail."""
    if one.hit.link_id is None:
        return 0
    return LEAST_ON_MAIL if on_trap(one.hit, links) else 1


def _trace(one: Arrived, delivery: HitDelivery | None, links: Mapping[int, HitLink]) -> Trace:
    hit = one.hit
    company = company_of(delivery.address) if delivery else one.domain
    opened_at = delivery.opened_at if delivery else None
    return Trace(
        id=hit.id,
        delivery_id=hit.delivery_id,
        kind=hit.kind,
        link_id=hit.link_id,
        ip=door_of(hit.ip, hit.ua),
        at=hit.at,
        ua=hit.ua,
        trap=on_trap(hit, links),
        robot=says_robot(hit),
        since_sent=one.since_sent,
        domain=one.domain,
        accused=isinstance(one, JudgedHit) and _is_accused(one.verdict),
        read=opened_at is not None and opened_at <= hit.at,
        company=company,
        strangers=company is None and delivery is not None and delivery.address is not None,
    )


def _is_overruled(one: JudgedHit) -> bool:
    return OVERRULED in one.verdict.reasons


def _is_accused(verdict: Verdict) -> bool:
    return verdict.verdict == MACHINE and MANY_RECIPIENTS not in verdict.reasons


def is_weighed(one: JudgedHit) -> bool:
    """Whether a hit was found a machine's by nothing but what may look otherwise when more is known."""
    verdict = one.verdict
    return verdict.verdict == MACHINE and WEIGHED.issuperset(verdict.reasons)


def _since_sent(hit: Hit, delivery: HitDelivery | None) -> float | None:
    """Seconds from acceptance to the hit. While the message is still being handed over, only a machine at
    the gate can have seen it: 0."""
    if delivery is None:
        return None
    if delivery.sent_at is None:
        return 0.0 if is_under_way(delivery) else None
    return (hit.at - delivery.sent_at).total_seconds()


def is_under_way(delivery: HitDelivery | None) -> bool:
    """Whether the message was being handed over when this was read, so that its moment is not yet known."""
    return delivery is not None and delivery.sent_at is None and delivery.state in ("leased", "sending")


def _lead_behind(delivery: HitDelivery | None) -> int | None:
    return None if delivery is None or delivery.purpose in _NOT_FROM_LEADS else delivery.lead_id


def first_seen(human: Sequence[JudgedHit]) -> list[hits.FirstSeen]:
    """The earliest open and click of each delivery by people; `human` is sorted by time."""
    opened: dict[int, datetime] = {}
    clicked: dict[int, datetime] = {}
    for one in human:
        hit = one.hit
        (opened if hit.kind == OPEN else clicked).setdefault(hit.delivery_id, hit.at)
    return [
        hits.FirstSeen(number, opened.get(number), clicked.get(number))
        for number in sorted(opened.keys() | clicked.keys())
    ]
