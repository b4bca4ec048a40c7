"""What stands around a hit: siblings on the same mail, and other mails hit from the same address or at the
same company. Scanners look like browsers one hit at a time and like scanners together.

Every sign is a fact about a set of hits within a stretch of time, so it is found looking back as well as
ahead: when a later hit completes the picture, the first of the set gets the same sign (flows/record).
More hits only ever bring more signs.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_network
from itertools import pairwise
from statistics import median
from typing import TypeVar
from uuid import UUID

from nurture.rules.hits import CLICK
from nurture.rules.visitors import is_near

SWEPT_LINKS = "swept_links"
EVERY_LINK = "every_link"
EARLY_FLURRY = "early_flurry"
EVEN_STEPS = "even_steps"
TRAP_LINK = "trap_link"
ROBOT_BESIDE = "robot_beside"
CHECKED_FIRST = "checked_first"
MANY_RECIPIENTS = "many_recipients"
SAME_VISIT = "same_visit"

# How far hits of one mail, and of one address or company, may lie apart and still say something of each
# other: what is read from the tables around a batch.
VISIT = timedelta(minutes=10)
GATE = timedelta(minutes=10)

# (distinct links, within): nobody follows that many that fast.
_SWEEPS = ((3, timedelta(seconds=2)), (2, timedelta(seconds=0.4)))
# (links of the mail at least, within): a reader does not follow each and every link, down to the footer.
_EVERY_FAST = (3, timedelta(seconds=5))
_EVERY = ((5, timedelta(seconds=60)), (8, timedelta(seconds=180)))
# (links of the mail at least, within, first hit at most this long after acceptance): nor at his leisure,
# before he can have read it.
_EVERY_EARLY = (5, timedelta(minutes=10), timedelta(minutes=10))
# (distinct links, within, first hit at most this long after acceptance): scanners begin before readers do.
_FLURRIES = (
    (4, timedelta(seconds=60), timedelta(minutes=5)),
    (3, timedelta(seconds=30), timedelta(minutes=2)),
    (2, timedelta(seconds=2), timedelta(minutes=1)),
)
# Steps of one length between four links or more are a clock's; people's differ by far more than this.
_EVEN_LINKS = 4
_EVEN_SHARE = 0.12
_EVEN_LEAST = 0.15
_LONGEST_STEP = timedelta(minutes=2)
# Whoever follows a link that nobody can see is a machine, and so is whoever comes with it.
_TRAPPED = timedelta(seconds=10)
# What follows links beside a program that says it is a robot, from the same address.
_BESIDE = timedelta(seconds=3)
# A checker at click time looks at the address just before it lets the reader through.
_CHECK = timedelta(seconds=5)
_SAME_VISIT = {CLICK: timedelta(seconds=10), "open": timedelta(seconds=60)}
# (recipients, within): a scanner at a company's gate touches the mail of all its people at once.
_GATES = ((20, timedelta(seconds=60)), (5, timedelta(seconds=5)))
_EARLY = timedelta(minutes=5)
_EARLY_GATE = (10, timedelta(minutes=10))
# Mail programs load pictures for a whole office at nine o'clock, so opens take more.
_OPENING_GATE = (30, timedelta(seconds=60))
_DOMAIN_GATE = (20, timedelta(seconds=60))
DOMAIN_EARLY = timedelta(minutes=15)
# Fewer than so many hits tell nothing against an address, or against a company.
LEAST_AT_ADDRESS = min(least for least, _within in (*_GATES, _EARLY_GATE, _OPENING_GATE))
LEAST_AT_DOMAIN = _DOMAIN_GATE[0]
# Nor does less than two clicks on a mail, where one on a link that nobody can see weighs as much as two.
LEAST_ON_MAIL = 2
# Where strangers have their mailboxes: that many of them click in one minute says nothing.
_PUBLIC_DOMAIN = re.compile(
    r"""
    (?: gmail | googlemail | outlook | hotmail | live | msn | yahoo | ymail | rocketmail | aol | icloud | me
      | mac | gmx | web | t-online | freenet | mail | inbox | bk | list | yandex | ya | rambler | proton
      | protonmail | pm | tutanota | tuta | fastmail | zoho | hey | orange | wanadoo | free | sfr | laposte
      | libero | virgilio | alice | tin | comcast | att | verizon | sbcglobal | bellsouth | cox | charter
      | bluewin | hispeed | qq | 163 | 126 | sina | naver | daum | hanmail | seznam | centrum | wp | o2 | onet
      | interia | btinternet | sky | virginmedia | ntlworld | ziggo | kpnmail | planet | xs4all | telenet
      | skynet | telia | online | terra | uol | bol | rediffmail | mailbox | posteo | ukr
    )\.[a-z]{2,3}(?:\.[a-z]{2})?
    """,
    re.VERBOSE,
)

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


@dataclass
class Surroundings:
    """Traces and the signs that each of them bears. Built once a batch, asked once a hit.

    `links`: how many links a person can see in the mail of a delivery, by delivery.
    """

    traces: Iterable[Trace]
    links: Mapping[int, int] = field(default_factory=dict)
    _signs: defaultdict[UUID, dict[str, None]] = field(init=False)

    def __post_init__(self) -> None:
        self._signs = defaultdict(dict)
        whole = sorted({trace.id: trace for trace in self.traces}.values(), key=lambda trace: trace.at)
        for delivery_id, traces in _grouped(whole, lambda trace: trace.delivery_id).items():
            self._look_at_mail(traces, self.links.get(delivery_id, 0))
        for ip, traces in _grouped(whole, lambda trace: trace.ip).items():
            # An address of the own network is that of a proxy that does not tell who stands behind it.
            if len(traces) >= LEAST_AT_ADDRESS and not is_near(ip):
                self._look_at_address(traces)
        # What gives itself away otherwise says nothing about people who click at the same time.
        quiet = [trace for trace in whole if not trace.accused and not self._signs.get(trace.id)]
        for traces in _grouped(quiet, lambda trace: trace.domain).values():
            self._mark(_crowded(traces, _recipient, *_DOMAIN_GATE), MANY_RECIPIENTS)

    def signs(self, hit_id: UUID) -> tuple[str, ...]:
        """What the company of this hit tells against it, by name."""
        return tuple(self._signs.get(hit_id, ()))

    def _mark(self, traces: Iterable[Trace], sign: str) -> None:
        for trace in traces:
            self._signs[trace.id].setdefault(sign)

    def _look_at_mail(self, traces: Sequence[Trace], links: int) -> None:
        clicks = [trace for trace in traces if trace.click]
        # Every sign of a mail is one of two clicks or more, or of a link that nobody sees.
        if len(clicks) < LEAST_ON_MAIL and not any(trace.trap for trace in traces):
            return
        for least, within in _SWEEPS:
            self._mark(_crowded(clicks, _link, least, within), SWEPT_LINKS)
        if links >= _EVERY_FAST[0]:
            self._mark(_crowded(clicks, _link, links, _EVERY_FAST[1]), EVERY_LINK)
        self._look_at_walks(_firsts(clicks), links)
        self._mark(_trapped(traces), TRAP_LINK)
        self._mark(_beside_robots(clicks), ROBOT_BESIDE)
        self._mark(_checked_first(clicks), CHECKED_FIRST)
        self._mark(self._same_visit(traces), SAME_VISIT)

    def _look_at_walks(self, firsts: Sequence[Trace], links: int) -> None:
        """What takes its time. Only the first visit of each link is a step of such a walk: a reader who
        follows a link again while a scanner is under way is none of it."""
        for least, within in _EVERY:
            if links >= least:
                self._mark(_crowded(firsts, _link, links, within), EVERY_LINK)
        if links >= _EVERY_EARLY[0]:
            self._mark(_flurry(firsts, links, *_EVERY_EARLY[1:]), EVERY_LINK)
        for least, within, early in _FLURRIES:
            self._mark(_flurry(firsts, least, within, early), EARLY_FLURRY)
        self._mark(_even_steps(firsts), EVEN_STEPS)

    def _same_visit(self, traces: Sequence[Trace]) -> list[Trace]:
        """What the same address did to the mail just before and after it behaved like a machine."""
        accused = [trace for trace in traces if trace.click and self._signs.get(trace.id)]
        return [
            trace
            for trace in traces
            if trace.id not in self._signs
            and any(
                _network(one.ip) == _network(trace.ip)
                and abs(one.at - trace.at) <= _SAME_VISIT[trace.kind]
                and CHECKED_FIRST not in self._signs[one.id]
                for one in accused
            )
        ]

    def _look_at_address(self, traces: Sequence[Trace]) -> None:
        clicks = [trace for trace in traces if trace.click]
        for least, within in _GATES:
            self._mark(_crowded(clicks, _recipient, least, within), MANY_RECIPIENTS)
        early = [trace for trace in clicks if trace.within(_EARLY)]
        self._mark(_crowded(early, _recipient, *_EARLY_GATE), MANY_RECIPIENTS)
        self._mark(_crowded(traces, _recipient, *_OPENING_GATE), MANY_RECIPIENTS)


def gate_of(kind: str, address: str | None, since_sent: float | None) -> str | None:
    """The company whose gate a click soon after acceptance may have passed: the recipient's domain, unless
    it is where strangers have their mailboxes."""
    if kind != CLICK or since_sent is None or since_sent >= DOMAIN_EARLY.total_seconds():
        return None
    domain = (address or "").rpartition("@")[2].lower()
    return None if not domain or _PUBLIC_DOMAIN.fullmatch(domain) else domain


def _link(trace: Trace) -> Hashable:
    return trace.link_id


def _recipient(trace: Trace) -> Hashable:
    return trace.delivery_id


def _grouped(traces: Iterable[Trace], key: Callable[[Trace], Key | None]) -> dict[Key, list[Trace]]:
    found: defaultdict[Key, list[Trace]] = defaultdict(list)
    for trace in traces:
        name = key(trace)
        if name is not None:
            found[name].append(trace)
    return found


def _crowded(
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


def _flurry(clicks: Sequence[Trace], least: int, within: timedelta, early: timedelta) -> Iterator[Trace]:
    """A crowd of links whose first came early after acceptance."""
    soon = [trace for trace in clicks if trace.within(early + within)]
    if soon and soon[0].within(early):
        yield from _crowded(soon, _link, least, within)


def _firsts(clicks: Sequence[Trace]) -> list[Trace]:
    """The first click on each link."""
    found = {trace.link_id: trace for trace in reversed(clicks)}
    return sorted(found.values(), key=lambda trace: trace.at)


def _even_steps(firsts: Sequence[Trace]) -> list[Trace]:
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


def _trapped(traces: Sequence[Trace]) -> list[Trace]:
    traps = [trace for trace in traces if trace.trap]
    return [
        trace
        for trace in traces
        if any(
            abs(trap.at - trace.at) <= (VISIT if _network(trap.ip) == _network(trace.ip) else _TRAPPED)
            for trap in traps
        )
    ]


def _beside_robots(clicks: Sequence[Trace]) -> list[Trace]:
    """Clicks from the address of a robot within seconds of it, in its own name or before readers come."""
    robots = [trace for trace in clicks if trace.robot and trace.ip]
    return [
        trace
        for trace in clicks
        if any(
            trace.id != robot.id
            and trace.ip == robot.ip
            and abs(trace.at - robot.at) <= _BESIDE
            and (trace.ua == robot.ua or trace.within(_EARLY))
            for robot in robots
        )
    ]


def _checked_first(clicks: Sequence[Trace]) -> list[Trace]:
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
            and _network(later.ip) != _network(trace.ip)
            for later in clicks[bisect_right(times, trace.at, place) : bisect_left(times, trace.at + _CHECK)]
        )
    ]


@lru_cache(maxsize=8192)
def _network(ip: str | None) -> object:
    """The neighbourhood of an address: /24, or /64 (RFC 4291) of IPv6."""
    if ip is None:
        return None
    return ip.rpartition(".")[0] if ":" not in ip else ip_network(f"{ip}/64", strict=False)
