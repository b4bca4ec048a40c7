"""When a verdict that was weighed is looked at again: whoever stands around a hit comes before and after it,
and what its network is like shows with time."""

from datetime import datetime, timedelta

# Scanners have come to an end by then, and neighbours are known; other readers of a house come later.
SECOND_LOOK = timedelta(seconds=60)
_LOOKS = (SECOND_LOOK, timedelta(hours=1), timedelta(days=1))


def next_look(at: datetime, now: datetime) -> datetime | None:
    """When a hit of `at` that was looked at by `now` is looked at again; None: that was the last time."""
    return next((at + wait for wait in _LOOKS if at + wait > now), None)


def first_look(at: datetime, now: datetime) -> datetime:
    """When a hit of `at` that was just accused in the company of another one is looked at for itself: once
    at least, however late that is."""
    return next_look(at, now) or now + SECOND_LOOK
