"""When a webhook that was not taken is posted again.

The ladder is that of Standard Webhooks 1.0.0 ("Deliverability and reliability"): ten tries over
75.6 hours, each wait varied a little so that posts which failed together do not return together.
"""

from datetime import timedelta

TRIES = 10
LONGEST = timedelta(hours=24)

_WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
_JITTER = 0.1


def wait_after(tries: int, *, draw: float, asked: timedelta | None = None) -> timedelta | None:
    """The wait after `tries` failed tries (1 is the first); None when no further try is left.

    `draw` is uniform in [0, 1) and moves the wait by up to a tenth either way. `asked` is what the
    receiver asked for (Retry-After, RFC 9110 section 10.2.3): never less than that, and a day at most.
    """
    if tries < 1:
        raise ValueError("a wait follows a try")
    if tries >= TRIES:
        return None
    planned = _WAITS[tries - 1] * (1 - _JITTER + 2 * _JITTER * draw)
    return planned if asked is None else max(planned, min(asked, LONGEST))
