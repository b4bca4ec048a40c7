"""The Redis stream of hits: the fast way from the tracking door to the drain.

Everything in it is also in a host's spool, so whatever happens to Redis costs speed and never a hit.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import structlog
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from nurture.buffers.wake import wake

log = structlog.get_logger()

KEY = "nurture:hits"
CONNECT_SECONDS = 0.1
# Nobody waits for the feed's answers, so a busy Redis may take its time; one that is away may not take
# the feed's queue with it.
ANSWER_SECONDS = 0.5
# Bounds the memory of Redis while nobody drains. What falls off the end is still in the spools.
_MOST_ENTRIES = 1_000_000
_BATCH = 500
_MOST_WAITING = 20_000
_FIRST_REST = 1.0
_LONGEST_REST = 30.0


def quick_client(url: str) -> Redis:
    """A client for the tracking door: it gives up soon and never retries, since the spool has every hit.
    With its default retries redis-py would be held up for seconds while Redis is away."""
    return Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Entry(NamedTuple):
    """A line of the stream and its number there."""

    number: str
    line: bytes


class HitStream:
    """The stream itself. Every call may raise RedisError."""

    def __init__(self, redis: Redis, key: str = KEY) -> None:
        self._redis = redis
        self._key = key
        # Of the same connections, but entries are made as they come, without a dictionary for each.
        self._reader = Redis(connection_pool=redis.connection_pool)
        self._reader.set_response_callback("XRANGE", _entries)

    def add(self, lines: Sequence[bytes]) -> None:
        """Append lines, and wake one pump."""
        pipe = self._redis.pipeline(transaction=False)
        for line in lines:
            pipe.xadd(self._key, {"h": line}, maxlen=_MOST_ENTRIES, approximate=True)
        pipe.execute()
        wake(self._redis, "record")

    def read(self, limit: int, after: str | None = None) -> list[Entry]:
        """The oldest entries, or those behind the one with this number. They stay until they are let go."""
        first = "-" if after is None else f"({after}"
        return cast(list[Entry], self._reader.xrange(self._key, first, count=limit))

    def let_go(self, numbers: Sequence[str]) -> None:
        """Forget these entries."""
        self._redis.xdel(self._key, *numbers)

    def length(self) -> int:
        """How many entries wait: the lag that /readyz and `doctor` show."""
        return int(self._redis.xlen(self._key))


class StreamFeed:
    """Hands lines over to the stream behind the door's back: `add` never waits and never fails.

    One thread a process sends what has gathered in one round trip. After a failure it rests for a second,
    then twice as long each time, up to half a minute; lines of that time go by the spool alone.
    """

    def __init__(self, stream: HitStream) -> None:
        self._stream = stream
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._begin = threading.Lock()
        self._there = threading.Event()
        self._pid = 0
        self._closed_until = 0.0
        self._rest = _FIRST_REST

    def add(self, line: bytes) -> None:
        if time.monotonic() < self._closed_until:
            return
        self._waiting.append(line)
        if self._pid != os.getpid():
            self._start()
        self._there.set()

    def _start(self) -> None:
        with self._begin:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._send_forever, name="hit-feed", daemon=True).start()

    def _send_forever(self) -> None:
        while True:
            self._there.wait()
            self._there.clear()
            while batch := self._take():
                self._send(batch)

    def _take(self) -> list[bytes]:
        return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _send(self, batch: list[bytes]) -> None:
        try:
            self._stream.add(batch)
        except (RedisError, OSError) as fault:
            log.warning("hits.stream_away", error=type(fault).__name__, rest_seconds=self._rest)
            self._closed_until = time.monotonic() + self._rest
            self._rest = min(self._rest * 2, _LONGEST_REST)
            self._waiting.clear()
        else:
            self._rest = _FIRST_REST


def _entries(answer: Sequence[tuple[Any, Sequence[Any]]], **_options: object) -> list[Entry]:
    """What Redis answers to XRANGE: each number with its fields, a name and a value in turn."""
    return [Entry(_bytes(number).decode(), _bytes(fields[1])) for number, fields in answer]


def _bytes(value: bytes | str) -> bytes:
    """What a client gave, whether it decodes answers or not."""
    return value.encode() if isinstance(value, str) else value
