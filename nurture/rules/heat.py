"""Heat by forward decay: sums of past signals that never need ageing.

A signal of weight w at t is worth w * 2**(-(now - t)/h) later, so the sum over all signals is
2**(-now/h) * sum(w * 2**(t/h)). The second factor does not depend on now; it is kept as its binary
logarithm, since it outgrows a float within weeks. (Cormode, Shkapenyuk, Srivastava, Xu: Forward
Decay, ICDE 2009.) Positive and negative weights are summed apart, so that the order of adding cannot
matter; heat is never below zero. Instants are UTC, t in epoch seconds, h in seconds.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

NOTHING = -math.inf
TOLERANCE = 1e-6
REMEMBERED_HALF_LIVES = 40
_LARGEST_EXPONENT = 1000.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


# A tuple: several are made for each signal, and a frozen data class takes twice as long.
class Heat(NamedTuple):
    """log2 of the sums of positive (`pos`) and of negative (`neg`) weights, referred to the epoch."""

    pos: float = NOTHING
    neg: float = NOTHING

    @property
    def net(self) -> float:
        """log2 of the difference; minus infinity where the negative outweighs the positive."""
        if self.neg == NOTHING or self.pos <= self.neg:
            return self.pos if self.pos > self.neg else NOTHING
        return self.pos + math.log2(-math.expm1((self.neg - self.pos) * math.log(2)))

    def plus(self, other: "Heat") -> "Heat":
        """Both together."""
        if self is NO_HEAT or other is NO_HEAT:
            return other if self is NO_HEAT else self
        return Heat(_plus(self.pos, other.pos), _plus(self.neg, other.neg))


NO_HEAT = Heat()


def of_signal(weight: float, at: datetime, half_life_s: float) -> Heat:
    """The heat of one signal."""
    if weight == 0:
        return NO_HEAT
    log = math.log2(abs(weight)) + seconds(at) / half_life_s
    return Heat(pos=log) if weight > 0 else Heat(neg=log)


def total(heats: Iterable[Heat]) -> Heat:
    """The sum of many, the same whatever their order."""
    known = list(heats)
    if len(known) == 1:
        return known[0]
    if len(known) == 2:  # the sum of two is rounded exactly by itself
        return known[0].plus(known[1])
    return Heat(log2_sum([heat.pos for heat in known]), log2_sum([heat.neg for heat in known]))


def log2_sum(logs: Iterable[float]) -> float:
    """log2(sum(2**x)), exactly rounded sums of terms taken relative to the largest."""
    known = [log for log in logs if log != NOTHING]
    if len(known) < 2:
        return known[0] if known else NOTHING
    largest = max(known)
    return largest + math.log2(math.fsum([math.exp2(log - largest) for log in known]))


def _plus(one: float, other: float) -> float:
    """The log2_sum of two."""
    if one == NOTHING or other == NOTHING:
        return max(one, other)
    largest = max(one, other)
    return largest + math.log2(1.0 + math.exp2(min(one, other) - largest))


def log2_value(log: float, now: datetime, half_life_s: float) -> float:
    """What a log referred to the epoch is worth at `now`."""
    if log == NOTHING:
        return 0.0
    return math.exp2(min(log - seconds(now) / half_life_s, _LARGEST_EXPONENT))


def value(heat: Heat, now: datetime, half_life_s: float) -> float:
    """The heat at `now`: max(0, P - N), rounded to 1e-6, the form that is compared and shown."""
    return round(log2_value(heat.net, now, half_life_s), 6)


def signed(heat: Heat, now: datetime, half_life_s: float) -> float:
    """P - N at `now`, below zero too: what one contribution adds to the whole."""
    return log2_value(heat.pos, now, half_life_s) - log2_value(heat.neg, now, half_life_s)


def cool_at(net_log2: float, threshold: float, half_life_s: float) -> datetime | None:
    """When silence brings the heat down to `threshold`, rounded up to the next second; None for no
    heat at all or a threshold that is never reached."""
    if net_log2 == NOTHING or threshold <= 0:
        return None
    at = math.ceil(half_life_s * (net_log2 - math.log2(threshold)))
    return _LAST if at > seconds(_LAST) else _EPOCH + timedelta(seconds=max(at, 0))


def seconds(at: datetime) -> float:
    """Epoch seconds of an aware instant."""
    return (at - _EPOCH).total_seconds()


def remembered_since(now: datetime, half_life_s: float) -> datetime:
    """Signals before this are worth less than 2**-40 of their weight and are left out of re-summing,
    which keeps a recomputed heat within 1e-9 of the incremental one."""
    span = min(REMEMBERED_HALF_LIVES * half_life_s, seconds(now))
    return now - timedelta(seconds=span)
