"""What a template may take while it is filled: so much time, and so much room for one value.

What stands in a template is looked at when it is saved (mail/sandbox), but what it makes of a person's values
shows only when they are put in. Every filter and every round of a loop passes here, so that a template which
runs away is the failure of one mail, soon and without the worker.
"""

import threading
from collections.abc import Callable, Iterator
from functools import wraps
from math import inf
from time import monotonic
from typing import Any

from nurture.rules.words import _

SECONDS = 2.0
LARGEST_VALUE = 100_000


class _Running(threading.local):
    until = inf


_running = _Running()


def begin() -> None:
    """From now on a template is filled, or made, in this thread."""
    _running.until = monotonic() + SECONDS


def in_time() -> None:
    """Raises ValueError when it has taken too long."""
    if monotonic() > _running.until:
        raise ValueError(_("it takes longer than {n} seconds").format(n=int(SECONDS)))


def has_room(length: int) -> None:
    """Raises ValueError for a text of so many characters that is too long for one value."""
    if length > LARGEST_VALUE:
        raise ValueError(_("a value in it grows beyond {n} characters").format(n=LARGEST_VALUE))


def bounded(made: Callable[..., Any]) -> Callable[..., Any]:
    """The filter within these bounds. What makes much of little looks itself before it does (`has_room`)."""

    @wraps(made)
    def within(*args: Any, **kwargs: Any) -> Any:
        in_time()
        value = made(*args, **kwargs)
        if isinstance(value, str):
            has_room(len(value))
        return value

    return within


class Rounds(list[Any]):
    """What a loop runs over; each round of it is looked at."""

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            in_time()
            yield item
