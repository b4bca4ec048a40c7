"""The time of a simulation: it jumps from event to event.

At one instant the order is that of a turn of the pump: what comes from outside, rating, silence, the release
of hand-offs, the steps of chains.
"""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

OUTSIDE, RATE, SILENCE, RELEASE, STEP = range(5)

Handler = Callable[..., None]
_Event = tuple[datetime, int, int, int, Handler, tuple[Any, ...]]


class Timeline:
    """What is to happen until `end`. What comes of an instant at that instant belongs to the same round of
    the pump while its turn in the round is still to come, else to the next round."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.end, self.now = start, end, start
        self._events: list[_Event] = []
        self._pushed = 0
        self._round, self._order = 0, -1

    def push(self, at: datetime, order: int, handler: Handler, *about: Any) -> None:
        """Call `handler(*about, at)` at that instant; what lies behind the end is left out."""
        if at >= self.end:
            return
        at = max(at, self.now)
        in_round = self._round + (order <= self._order) if at == self.now else 0
        self._pushed += 1
        heappush(self._events, (at, in_round, order, self._pushed, handler, about))

    def run(self, progress: Callable[[float], None]) -> None:
        """To the end; `progress` hears of the share that is done, about a hundred times."""
        whole, told = self.end - self.start, self.start
        events = self._events
        while events:
            self.now, self._round, self._order, _no, handler, about = heappop(events)
            handler(*about, self.now)
            if self.now >= told:
                progress((self.now - self.start) / whole)
                told = self.now + whole / 100
