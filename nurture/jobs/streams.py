"""The streams of work that a pump serves, in the order in which one feeds the next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from nurture.flows.hand_over import hand_over
from nurture.runtime import Runtime


@dataclass(frozen=True)
class Stream:
    """One kind of work: `serve(now)` does a bounded portion of it and says how much; 0 means none is due."""

    name: str
    serve: Callable[[datetime], int]


@contextmanager
def streams(runtime: Runtime) -> Iterator[list[Stream]]:
    """All of them, over this runtime; what they keep open is closed at the end."""
    yield [
        Stream(
            "hand_over",
            lambda now: hand_over(runtime.sessions, runtime.ring, runtime.settings.base_url, now=now),
        ),
    ]
