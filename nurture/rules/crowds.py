"""Hits that belong together: who comes in crowds, in flurries, at even steps, beside a robot, from where."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_network
from itertools import pairwise
from statistics import median
from typing import TypeVar
from uuid import UUID

from nurture.rules.hits import CLICK, OPEN

# How far hits of one mail may lie apart and still say something of each other.
VISIT = timedelta(minutes=10)
# Steps of one length between four links or more are a clock's; people's differ by far more than this.
_EVEN_LINKS = 4
_EVEN_SHARE = 0.05
_EVEN_LEAST = 0.2
_LONGEST_STEP = timedelta(minutes=2)
# Whoever follows a link that nobody can see is a machine, and so is whoever comes with it.
_TRAPPED = timedelta(seconds=10)
# Scanners begin this soon after acceptance.
EARLY = timedelta(minutes=5)
# What follows links beside a program that says it is a robot, from the same address.
_BESIDE = timedelta(seconds=3)
# A checker at click time looks at the address just before it lets the reader through.
_CHECK = timedelta(seconds=5)
_SAME_VISIT = {CLICK: timedelta(seconds=10), OPEN: timedelta(seconds=60)}
# The same, of one that calls itself by the same name: scanners that come in waves pause between them.
_SAME_VISITOR = timedelta(minutes=3)
# A monitor comes at even steps, to the second; whoever is impatient comes sooner.
_SHORTEST_TICK, _TICK_SLACK = timedelta(seconds=20), timedelta(seconds=1)
# Two readers of one mail do not follow two of its links within such a time.
_CHANGE = timedelta(seconds=60)
# No reader follows that many; who made them is compared two by two.
_MOST_TOLD_APART = 60

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Trace:
    """Where and when one hit was, recorded or just arrived. `trap` for a link that no person can see;
    `robot`: it said of itself that it is one; `since_sent` seconds from acceptance; `domain` the company
    whose gate it may have passed (see gate_of); `accused`: a machine's by more than its number."""

    id: UUID
    delivery_id: int
    kind: str
    link_id: int | None
    ip: str | None
    at: datetime
    ua: str = ""
    trap: bool = False
    robot: bool = False
    since_sent: float | None = None
    domain: str | None = None
    accused: bool = False

    @property
    def click(self) -> bool:
        return self.kind == CLICK

    def within(self, span: timedelta) -> bool:
        """Whether it came within this time from acceptance."""
        return self.since_sent is not None and self.since_sent < span.total_seconds()


def link(trace: Trace) -> Hashable:
    return trace.link_id


def recipient(trace: Trace) -> Hashable:
    return trace.delivery_id


def grouped(traces: Iterable[Trace], key: Callable[[Trace], Key | None]) -> dict[Key, list[Trace]]:
    found: defaultdict[Key, list[Trace]] = defaultdict(list)
    for trace in traces:
        name = key(trace)
        if name is not None:
            found[name].append(trace)
    return found


def crowded(
    traces: Sequence[Trace], name: Callable[[Trace], Hashable], least: int, within: timedelta
) -> Iterator[Trace]:
    """The traces that lie in a stretch of `within` that holds `least` different names. Sorted by time."""
    if len(traces) < least:
        return
    names: defaultdict[Hashable, int] = defaultdict(int)
    first = told = 0
    for last, trace in enumerate(traces):
        names[name(trace)] += 1
        while trace.at - traces[first].at > within:
            gone = name(traces[first])
            names[gone] -= 1
            if not names[gone]:
                del names[gone]
            first += 1
        if len(names) >= least:
            yield from traces[max(first, told) : last + 1]
            told = last + 1


def flurry(clicks: Sequence[Trace], least: int, within: timedelta, early: timedelta) -> Iterator[Trace]:
    """A crowd of links whose first came early after acceptance."""
    soon = [trace for trace in clicks if trace.within(early + within)]
    if soon and soon[0].within(early):
        yield from crowded(soon, link, least, within)


def visit_of(one: Trace, other: Trace) -> timedelta:
    """How far two hits from one neighbourhood may lie apart and still be one visit."""
    return _SAME_VISITOR if other.click and one.ua == other.ua else _SAME_VISIT[other.kind]


def without_the_stranger(clicks: Sequence[Trace]) -> Sequence[Trace]:
    """The clicks of a mail but for those of the one visitor who follows a single link, from a network (or
    from a network and by a program) that nobody else uses, beside one other visitor who follows several: a
    reader who was there while a scanner was. Several such strangers are a scanner that changes addresses."""
    if len(clicks) > _MOST_TOLD_APART:
        return clicks
    for shared in (_by_network, _by_network_or_program):
        parties = _parties(clicks, shared)
        alone = [party for party in parties if len({trace.link_id for trace in party}) == 1]
        if len(parties) == 2 and len(alone) == 1:
            return next(party for party in parties if party is not alone[0])
    return clicks


def _by_network(one: Trace, other: Trace) -> bool:
    return network(one.ip) == network(other.ip)


def _by_network_or_program(one: Trace, other: Trace) -> bool:
    return one.ua == other.ua or _by_network(one, other)


def _parties(clicks: Sequence[Trace], shared: Callable[[Trace, Trace], bool]) -> list[list[Trace]]:
    """Clicks by visitor, each party in the order of time: those that share something belong together."""
    parties: list[list[Trace]] = []
    for trace in clicks:
        mine = [party for party in parties if any(shared(one, trace) for one in party)]
        parties = [party for party in parties if not any(party is one for one in mine)]
        parties.append([*(one for party in mine for one in party), trace])
    return [sorted(party, key=lambda trace: trace.at) for party in parties]


def firsts(clicks: Sequence[Trace]) -> list[Trace]:
    """The first click on each link, and the first again of whoever comes back after a while."""
    last: dict[int | None, datetime] = {}
    found = []
    for trace in clicks:
        if trace.link_id not in last or trace.at - last[trace.link_id] > VISIT:
            found.append(trace)
        last[trace.link_id] = trace.at
    return found


def ticking(clicks: Sequence[Trace]) -> list[Trace]:
    """Clicks on one link by one visitor at even distances, over and over: a monitor looks if it works."""
    found: dict[UUID, Trace] = {}
    for visits in grouped(clicks, lambda trace: (trace.link_id, network(trace.ip), trace.ua)).values():
        for first, second, third in zip(visits, visits[1:], visits[2:], strict=False):
            step = second.at - first.at
            if _SHORTEST_TICK <= step <= VISIT and abs(third.at - second.at - step) <= _TICK_SLACK:
                found |= {trace.id: trace for trace in (first, second, third)}
    return list(found.values())


def changing_faces(traces: Sequence[Trace], early: timedelta) -> list[Trace]:
    """Clicks on different links of one mail, moments apart, each by another program from another address: of
    one network, or, `early` after acceptance, of any, where nobody had opened the mail. A scanner dresses
    anew for every visit. Robots that say so, and readers of a link that was just checked, are none of it."""
    plain = [trace for trace in traces if trace.click and not trace.robot]
    checks = {trace.id for trace in checked_first(plain)}
    blind = {trace.id for trace in unread(traces) if trace.within(early)}
    found: dict[UUID, Trace] = {}
    for one, other in pairwise([trace for trace in plain if trace.id not in checks]):
        changes = one.link_id != other.link_id and one.ua != other.ua and one.ip != other.ip
        beside = network(one.ip) == network(other.ip) or {one.id, other.id} <= blind
        if changes and beside and other.at - one.at <= _CHANGE:
            found |= {one.id: one, other.id: other}
    return list(found.values())


def unread(traces: Sequence[Trace]) -> list[Trace]:
    """The clicks whose mail nobody had opened shortly before from the same address by the same program: mail
    programs load pictures before their readers reach a link, scanners as a rule do not load any."""
    opened: dict[Hashable, datetime] = {}
    found = []
    for trace in traces:
        face = (trace.delivery_id, trace.ip, trace.ua)
        if not trace.click:
            opened[face] = trace.at
        elif face not in opened or trace.at - opened[face] > VISIT:
            found.append(trace)
    return found


def pooled(clicks: Sequence[Trace], recipients: int, addresses: int, within: timedelta) -> Iterator[Trace]:
    """Clicks on the mails of many people of one company from many addresses of one network: people who share
    a network leave it by few."""
    for traces in grouped(clicks, lambda trace: network(trace.ip) if trace.ip else None).values():
        if len({trace.ip for trace in traces}) >= addresses:
            yield from crowded(traces, recipient, recipients, within)


def even_steps(firsts: Sequence[Trace]) -> list[Trace]:
    """Clicks on ever new links at even distances."""
    found: dict[UUID, Trace] = {}
    for start in range(len(firsts) - _EVEN_LINKS + 1):
        run = firsts[start : start + _EVEN_LINKS]
        if _is_even([(later.at - one.at).total_seconds() for one, later in pairwise(run)]):
            found |= {trace.id: trace for trace in run}
    return list(found.values())


def _is_even(steps: Sequence[float]) -> bool:
    usual = median(steps)
    slack = max(_EVEN_LEAST, usual * _EVEN_SHARE)
    return usual <= _LONGEST_STEP.total_seconds() and all(abs(step - usual) <= slack for step in steps)


def trapped(traces: Sequence[Trace]) -> list[Trace]:
    traps = [trace for trace in traces if trace.trap]
    return [
        trace
        for trace in traces
        if any(
            abs(trap.at - trace.at) <= (VISIT if network(trap.ip) == network(trace.ip) else _TRAPPED)
            for trap in traps
        )
    ]


def beside_robots(clicks: Sequence[Trace]) -> list[Trace]:
    """Clicks from the address of a robot within seconds of it, in its own name or before readers come."""
    robots = [trace for trace in clicks if trace.robot and trace.ip]
    return [
        trace
        for trace in clicks
        if any(
            trace.id != robot.id
            and trace.ip == robot.ip
            and abs(trace.at - robot.at) <= _BESIDE
            and (trace.ua == robot.ua or trace.within(EARLY))
            for robot in robots
        )
    ]


def checked_first(clicks: Sequence[Trace]) -> list[Trace]:
    """Clicks that another network repeats within seconds: the reader, after whoever checks links for him."""
    times = [trace.at for trace in clicks]
    return [
        trace
        for place, trace in enumerate(clicks)
        if any(
            later.link_id == trace.link_id
            and not later.robot
            and later.ip is not None
            and trace.ip is not None
            and network(later.ip) != network(trace.ip)
            for later in clicks[bisect_right(times, trace.at, place) : bisect_left(times, trace.at + _CHECK)]
        )
    ]


@lru_cache(maxsize=8192)
def network(ip: str | None) -> object:
    """The neighbourhood of an address: /24, or /64 (RFC 4291) of IPv6."""
    if ip is None:
        return None
    return ip.rpartition(".")[0] if ":" not in ip else ip_network(f"{ip}/64", strict=False)
