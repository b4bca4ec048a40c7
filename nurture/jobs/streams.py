"""The streams of work that a pump serves, in the order in which one feeds the next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from nurture.buffers.stream import HitStream
from nurture.flows.hand_over import hand_over
from nurture.flows.post_webhooks import post_webhooks
from nurture.flows.record import record
from nurture.runtime import Runtime


@dataclass(frozen=True)
class Stream:
    """One kind of work: `serve(now)` does a bounded portion of it and says how much; 0 means none is due."""

    name: str
    serve: Callable[[datetime], int]


@contextmanager
def streams(runtime: Runtime) -> Iterator[list[Stream]]:
    """All of them, over this runtime; what they keep open is closed at the end."""
    poster = runtime.make_poster()
    try:
        yield [
            Stream("record", _record(runtime)),
            Stream(
                "hand_over",
                lambda now: hand_over(runtime.sessions, runtime.ring, runtime.settings.base_url, now=now),
            ),
            Stream(
                "post_webhooks",
                lambda now: post_webhooks(runtime.sessions, poster, runtime.vault, now=now),
            ),
        ]
    finally:
        poster.close()


def _record(runtime: Runtime) -> Callable[[datetime], int]:
    hits, spools = HitStream(runtime.redis), [runtime.settings.home / "spool"]
    return lambda now: record(runtime.sessions, hits, spools, now=now)
