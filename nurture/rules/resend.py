"""When a mail is tried again that a server put off (RFC 5321, section 4.5.4.1: later and later, for days), or
at which it hung up half-way."""

from datetime import datetime, timedelta

FIRST = timedelta(minutes=15)
LONGEST = timedelta(hours=4)
GIVE_UP = timedelta(hours=72)
_JITTER = 0.2
# A server that was just stopped takes the mail a moment later; one that cannot bear it never will.
_AFTER_BREAKS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))


def next_try(tries: int, first_tried_at: datetime, now: datetime, draw: float) -> datetime | None:
    """The next moment after `tries` tries (1 is the first); None when 72 hours have been tried.

    `draw` is uniform in [0, 1) and moves the wait by up to a fifth either way, so that mails put off
    together do not come back together.
    """
    wait = min(FIRST * 2 ** min(tries - 1, 8), LONGEST) * (1 - _JITTER + 2 * _JITTER * draw)
    return now + wait if now + wait - first_tried_at <= GIVE_UP else None


def after_break(tries: int, now: datetime, draw: float) -> datetime | None:
    """The next moment for a mail at whose `tries`-th try (1 is the first) the server hung up in the middle of
    it; None after eight tries, within a working day. `draw` is as in `next_try`."""
    if tries > len(_AFTER_BREAKS):
        return None
    return now + _AFTER_BREAKS[tries - 1] * (1 - _JITTER + 2 * _JITTER * draw)
