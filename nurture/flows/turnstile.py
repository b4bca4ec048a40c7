"""Lets mails out at the rates that hold: whoever sends asks the turnstile before each envelope, and again
before its dot where that comes later than usual: a mail that had to wait for a new connection would else
meet those behind it, and its receiver would see more of them at once than it wants."""

from collections.abc import Sequence
from time import monotonic

from nurture.buffers.limiter import LATE_SLOTS, SLOTS, Limiter, window

_SHORTEST_WAIT = 0.005
# How fast the usual time from envelope to dot is learnt, and the most that it may be.
_LEARNING, _LONGEST_USUAL = 0.2, 0.5


class Turnstile:
    """`wait` says how long a mail has to wait, 0.0 when it may go. What the limiter gives is held for
    one slot
    of its window, in portions of that length, so that not every mail asks Redis."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._held: dict[str, tuple[int, float]] = {}
        self._shut: dict[str, float] = {}
        self._usual = 0.0

    def wait(self, rates: Sequence[tuple[str, float]]) -> float:
        """`rates`: (scope, mails a second) of everything that bounds this mail. When it may go, it counts."""
        longest = max((self._closed_for(scope, rate) for scope, rate in rates), default=0.0)
        if longest > 0:
            return max(longest, _SHORTEST_WAIT)
        for scope, _rate in rates:
            count, until = self._held[scope]
            self._held[scope] = (count - 1, until)
        return 0.0

    def still_good(self, rates: Sequence[tuple[str, float]], since: float) -> bool:
        """Whether a mail that was let out at that moment (monotonic) may go on to its dot; if not, it has to
        wait for its turn anew."""
        took = monotonic() - since
        late = took > self._usual + LATE_SLOTS * min(window(rate).slot for _scope, rate in rates)
        usual = self._usual + _LEARNING * (took - self._usual)
        self._usual = min(usual, _LONGEST_USUAL)
        return not late

    def _closed_for(self, scope: str, rate: float) -> float:
        now = monotonic()
        count, until = self._held.get(scope, (0, 0.0))
        if count > 0 and now < until:
            return 0.0
        closed = self._shut.get(scope, 0.0) - now
        if closed > 0:
            return closed
        slot = window(rate).slot
        given = self._limiter.take(scope, max(1, int(rate * slot)), rate)
        if given.count:
            self._held[scope] = (given.count, now + window(rate).seconds / SLOTS)
            return 0.0
        self._shut[scope] = now + given.wait
        return given.wait
