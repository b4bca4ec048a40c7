"""Rates shared by all workers on all hosts: sliding windows in Redis, in one script a call.

A window is cut into slots, and what was given in the slots that any window can touch never exceeds the limit;
so no window of that length, wherever it begins, sees more. The clock is that of Redis: hosts need not agree
about the time. A counter that is not there may have been lost a moment ago, so the first window of it counts
as used up. While Redis does not answer, each process gives itself a share: slower rather than faster.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from redis import Redis, RedisError

# What a process allows itself of a rate while the shared counter is out of reach.
LONE_SHARE = 0.25
SLOTS = 50  # of a window
# As many slots later than usual may come what was let out in time (flows/turnstile).
LATE_SLOTS = 2
# A slot more because a window begins within one, one in which what was given is let out, and the late ones.
_TOUCHED = SLOTS + 1 + 1 + LATE_SLOTS
_KEPT_SECONDS = 86_400

_TAKE = """
local t = redis.call('TIME')
local width, most, wanted, touched = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]),
tonumber(ARGV[4])
local now = t[1] * 1000000 + t[2]
local slot = math.floor(now / width)
local kept = redis.call('HGETALL', KEYS[1])
local used, oldest = 0, slot
if #kept == 0 then
  redis.call('HSET', KEYS[1], slot, most)
  used = most
end
for i = 1, #kept, 2 do
  local at = tonumber(kept[i])
  if at <= slot - touched then redis.call('HDEL', KEYS[1], kept[i])
  else
    used = used + tonumber(kept[i + 1])
    if at < oldest then oldest = at end
  end
end
local given = math.max(0, math.min(wanted, most - used))
redis.call('HINCRBY', KEYS[1], slot, given)
redis.call('EXPIRE', KEYS[1], ARGV[5])
local wait = 0
if given == 0 then wait = math.max(1, (oldest + touched) * width - now) end
return {given, wait}
"""


@dataclass(frozen=True)
class Window:
    """At most `most` in any `seconds`."""

    most: int
    seconds: float

    @property
    def slot(self) -> float:
        """How long what was given may be used, in seconds."""
        return self.seconds / SLOTS


@dataclass(frozen=True)
class Given:
    """`count` may go within one slot of the window; when it is 0, ask again after `wait` seconds."""

    count: int
    wait: float = 0.0


def window(rate: float) -> Window:
    """The window that holds a rate of mails a second: a second, longer for rates below one a second."""
    return Window(math.floor(rate), 1.0) if rate >= 1 else Window(1, 1 / rate)


class Limiter:
    """`take` says how many of the wanted may go now."""

    def __init__(self, redis: Redis, prefix: str = "nurture:rate") -> None:
        self._redis = redis
        self._prefix = prefix
        self._script = cast(Callable[..., list[int]], redis.register_script(_TAKE))
        self._alone: dict[str, dict[int, int]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, wanted: int, rate: float) -> Given:
        """Up to `wanted` of what is limited under this name to `rate` a second, above 0."""
        if wanted <= 0:
            return Given(0)
        found = window(rate)
        width = round(found.slot * 1_000_000)
        try:
            given, wait = self._script(
                keys=[f"{self._prefix}:{name}:{width}"],
                args=[width, found.most, wanted, _TOUCHED, _KEPT_SECONDS + math.ceil(2 * found.seconds)],
            )
        except RedisError:
            return self._take_alone(name, wanted, window(rate * LONE_SHARE))
        return Given(int(given), int(wait) / 1_000_000)

    def _take_alone(self, name: str, wanted: int, found: Window) -> Given:
        with self._lock:
            slot = int(time.monotonic() / found.slot)
            # Used up at first: the shared one may have been used up just before it went away.
            kept = self._alone.get(name) or {slot: found.most}
            kept = {at: n for at, n in kept.items() if at > slot - _TOUCHED}
            given = max(0, min(wanted, found.most - sum(kept.values())))
            kept[slot] = kept.get(slot, 0) + given
            self._alone[name] = kept
            oldest = min(at for at, n in kept.items() if n or at == slot)
            return Given(given, 0.0 if given else (oldest + _TOUCHED - slot) * found.slot)
