"""Rates per second shared by all hosts: token buckets in Redis, in one script a call.

The bucket runs on the clock of Redis, so hosts need not agree about the time. While Redis does not answer,
each process keeps a bucket of its own with a share of the rate: slower than allowed rather than faster.
"""

import threading
import time
from collections.abc import Callable
from typing import cast

from redis import Redis, RedisError

# What a process allows itself of a rate while the shared bucket is out of reach.
LONE_SHARE = 0.25

_TAKE = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or burst
local at = tonumber(kept[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
local given = math.max(0, math.min(wanted, math.floor(tokens)))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - given), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return given
"""


class Limiter:
    """`take` says how many of the wanted may go now; never more than `rate` a second in the long run, and
    never more than `burst` at once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = cast(Callable[..., int], redis.register_script(_TAKE))
        self._alone: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, wanted: int, *, rate: float, burst: float | None = None) -> int:
        """`rate` in tokens a second, above 0; `burst` at least 1, one second's worth unless given."""
        size = max(1.0, rate if burst is None else burst)
        if wanted <= 0:
            return 0
        try:
            return int(self._script(keys=[f"nurture:rate:{name}"], args=[rate, size, wanted]))
        except RedisError:
            return self._take_alone(name, wanted, rate * LONE_SHARE, max(1.0, size * LONE_SHARE))

    def _take_alone(self, name: str, wanted: int, rate: float, size: float) -> int:
        with self._lock:
            now = time.monotonic()
            # An empty bucket at first: the shared one may have been emptied just before it went away.
            tokens, at = self._alone.get(name, (0.0, now))
            tokens = min(size, tokens + (now - at) * rate)
            given = min(wanted, int(tokens))
            self._alone[name] = (tokens - given, now)
            return given
