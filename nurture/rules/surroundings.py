"""What stands around a hit: siblings on the same mail, and other mails hit from the same address."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nurture.rules.hits import CLICK
from nurture.rules.robots import GATE_SECONDS, NEAR_SECONDS, SWEEP_SECONDS, Context
from nurture.rules.visitors import is_near

SWEEP = timedelta(seconds=SWEEP_SECONDS)
NEAR = timedelta(seconds=NEAR_SECONDS)
GATE = timedelta(seconds=GATE_SECONDS)


@dataclass(frozen=True, slots=True)
class Trace:
    """Where and when one hit was, recorded or just arrived; `trap` for a link that no person can see."""

    delivery_id: int
    kind: str
    link_id: int | None
    ip: str | None
    at: datetime
    trap: bool = False


@dataclass
class Surroundings:
    """Traces, found by delivery and by address. Built once a batch, asked once a hit."""

    traces: Iterable[Trace]
    _by_delivery: dict[int, list[Trace]] = field(init=False)
    _by_address: dict[str, list[tuple[datetime, int]]] = field(init=False)

    def __post_init__(self) -> None:
        mails: defaultdict[int, set[Trace]] = defaultdict(set)
        addresses: defaultdict[str, set[tuple[datetime, int]]] = defaultdict(set)
        for trace in self.traces:
            mails[trace.delivery_id].add(trace)
            if trace.ip:
                addresses[trace.ip].add((trace.at, trace.delivery_id))
        self._by_delivery = {
            number: sorted(found, key=lambda trace: trace.at) for number, found in mails.items()
        }
        self._by_address = {ip: sorted(found) for ip, found in addresses.items()}

    def of(self, delivery_id: int, ip: str | None, at: datetime, since_sent: float | None) -> Context:
        """What surrounds a hit at `at` on this delivery from this address."""
        siblings = self._by_delivery.get(delivery_id, [])
        return Context(
            since_sent=since_sent,
            swept_links=_most_links(siblings, at),
            trapped=any(trace.trap and abs(trace.at - at) <= NEAR for trace in siblings),
            gate_recipients=self._recipients(ip, at),
        )

    def _recipients(self, ip: str | None, at: datetime) -> int:
        """Mails hit from the address in the minute up to `at`. An address of the own network is that of a
        proxy that does not tell who stands behind it: it says nothing."""
        if ip is None or is_near(ip):
            return 1
        traces = self._by_address.get(ip, [])
        first = bisect_left(traces, (at - GATE, 0))
        return len({delivery_id for moment, delivery_id in traces[first:] if moment <= at})


def _most_links(siblings: Sequence[Trace], at: datetime) -> int:
    """The most distinct links followed within any SWEEP that holds `at`."""
    clicks = [trace for trace in siblings if trace.kind == CLICK and abs(trace.at - at) <= SWEEP]
    times = [trace.at for trace in clicks]
    most = 0
    for start, first in enumerate(clicks):
        if first.at > at:
            break
        end = bisect_right(times, first.at + SWEEP)
        if times[end - 1] >= at:
            most = max(most, len({trace.link_id for trace in clicks[start:end]}))
    return most
