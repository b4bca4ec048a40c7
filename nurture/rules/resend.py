"""When a mail that a server put off is tried again (RFC 5321, section 4.5.4.1: later and later, for days)."""

from datetime import datetime, timedelta

FIRST = timedelta(minutes=15)
LONGEST = timedelta(hours=4)
GIVE_UP = timedelta(hours=72)
_JITTER = 0.2


def next_try(tries: int, first_tried_at: datetime, now: datetime, draw: float) -> datetime | None:
    """The next moment after `tries` tries (1 is the first); None when 72 hours have been tried.

    `draw` is uniform in [0, 1) and moves the wait by up to a fifth either way, so that mails put off
    together do not come back together.
    """
    wait = min(FIRST * 2 ** min(tries - 1, 8), LONGEST) * (1 - _JITTER + 2 * _JITTER * draw)
    return now + wait if now + wait - first_tried_at <= GIVE_UP else None
