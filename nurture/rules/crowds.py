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
from nurture.rules.visitors import is_near

# How far hits of one mail may lie apart and still say something of each other.
VISIT = timedelta(minutes=10)
# Steps of one length between four links or more are a clock's; people's differ by far more than this.
_EVEN_LINKS = 4
_EVEN_SHARE = 0.05
_EVEN_LEAST = 0.2
_LONGEST_STEP = timedelta(minutes=2)
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
# Nor does one reader put a device away and follow a link on the next one this soon.
_ANOTHER_DEVICE = timedelta(seconds=5)
# What looks at a page beside its reader does so at once.
_LOOKED_AGAIN = timedelta(seconds=3)
# An address that gave itself away on the mails of so many.
_KNOWN_AT = 2

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Trace:
    """Where and when one hit was, recorded or just arrived. `trap` for a link that no person can see; `ip`
    whence it came (see door_of); `robot`: it said of itself that it is one; `since_sent` seconds from
    acceptance; `domain` the company whose gate it may have passed (see gate_of); `accused`: a machine's by
    more than its number; `read`: a person had opened the mail before; `company` of the recipient,
    `strangers`: the mailbox is among those of strangers."""

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
    read: bool = False
    company: str | None = None
    strangers: bool = False

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
    traces: Sequence[Trace],
    name: Callable[[Trace], Hashable],
    least: int,
    within: timedelta,
    begun: timedelta | None = None,
) -> Iterator[Trace]:
    """The traces that lie in a stretch of `within` that holds `least` different names, and that began
    `begun` after acceptance at the latest. Sorted by time."""
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
        if len(names) >= least and (begun is None or traces[first].within(begun)):
            yield from traces[max(first, told) : last + 1]
            told = last + 1


def visit_of(one: Trace, other: Trace) -> timedelta:
    """How far two hits from one neighbourhood may lie apart and still be one visit."""
    return _SAME_VISITOR if other.click and one.ua == other.ua else _SAME_VISIT[other.kind]


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
    one network, or, `early` after acceptance, of any, where nobody had opened the mail; from one address,
    sooner than anybody changes devices. A scanner dresses anew for every visit. Robots that say so, readers
    of a link that was just checked, and what looks at it after them are none of it."""
    plain = [trace for trace in traces if trace.click and not trace.robot]
    checks = {trace.id for trace in (*checked_first(traces), *looked_again(plain))}
    blind = {trace.id for trace in unread(traces) if trace.within(early)}
    found: dict[UUID, Trace] = {}
    for one, other in pairwise([trace for trace in plain if trace.id not in checks]):
        if one.link_id == other.link_id or one.ua == other.ua or not is_told(one.ip):
            continue
        beside = network(one.ip) == network(other.ip) or {one.id, other.id} <= blind
        if beside and other.at - one.at <= (_ANOTHER_DEVICE if one.ip == other.ip else _CHANGE):
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


def looked_again(clicks: Sequence[Trace]) -> list[Trace]:
    """Clicks that follow a link once more, seconds after another program at the same address: a scanner on
    the reader's desk looks at what was just opened."""
    return [
        later
        for one, later in pairwise(clicks)
        if one.link_id == later.link_id
        and one.ua != later.ua
        and one.ip is not None
        and one.ip == later.ip
        and later.at - one.at <= _LOOKED_AGAIN
    ]


def known_elsewhere(
    clicks: Sequence[Trace], caught: Callable[[Trace], bool], within: timedelta
) -> list[Trace]:
    """Clicks from one address that gave itself away on the mails of others shortly before or after."""
    guilty = [trace for trace in clicks if caught(trace)]
    return [
        trace
        for trace in clicks
        if len(
            {
                one.delivery_id
                for one in guilty
                if one.delivery_id != trace.delivery_id and abs(one.at - trace.at) <= within
            }
        )
        >= _KNOWN_AT
    ]


def checked_first(traces: Sequence[Trace]) -> list[Trace]:
    """Clicks that another network repeats within seconds: the reader, after whoever checks links for him. Not
    those of whoever had opened the mail, where the other one had not."""
    clicks = [trace for trace in traces if trace.click]
    times = [trace.at for trace in clicks]
    blind = {trace.id for trace in unread(traces)}
    return [
        trace
        for place, trace in enumerate(clicks)
        if any(
            later.link_id == trace.link_id
            and not later.robot
            and later.ip is not None
            and trace.ip is not None
            and network(later.ip) != network(trace.ip)
            and (trace.id in blind or later.id not in blind)
            for later in clicks[bisect_right(times, trace.at, place) : bisect_left(times, trace.at + _CHECK)]
        )
    ]


def door_of(ip: str | None, ua: str) -> str | None:
    """Whence a visitor came, as far as an address tells: one of this machine or of a private network is that
    of a proxy that does not tell who stands behind it, and its visitors are told apart by their programs."""
    return f"{ip} {ua}" if ip is not None and is_near(ip) else ip


def is_told(door: str | None) -> bool:
    """Whether the door says where a visitor came from."""
    return door is not None and " " not in door


@lru_cache(maxsize=8192)
def network(ip: str | None) -> str | None:
    """The neighbourhood of an address, by name: /24, or /64 (RFC 4291) of IPv6."""
    if ip is None or " " in ip:
        return ip
    return ip.rpartition(".")[0] if ":" not in ip else str(ip_network(f"{ip}/64", strict=False))
