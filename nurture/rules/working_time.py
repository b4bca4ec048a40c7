"""Time as a team works: spans that count only while its hours are open.

The hours are a window (days, opening and closing, holidays) in the team's own zone; instants are
aware datetimes in UTC. Spans are elapsed working time, so a day on which the clocks change counts
what really passed between opening and closing.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.rules.timing import Window, closes_at, next_open

# A team that opens for a minute a week is answered all the same; hours that never open are refused
# where they are written down.
_MOST_OPENINGS = 5_000


def after_working(start: datetime, span: timedelta, hours: Window | None, zone: ZoneInfo) -> datetime:
    """The instant at which `span` of working time has passed since `start`. A span that ends exactly at
    closing ends then, not at the next opening. Without hours all time counts. Raises ValueError for
    hours that never open."""
    if hours is None:
        return start + span
    at = start
    for _turn in range(_MOST_OPENINGS):
        opens = next_open(hours, zone, at)
        if opens is None:
            raise ValueError("hours that never open")
        closes = closes_at(hours, zone, opens)
        assert closes is not None, "a window has an end"
        if span <= closes - opens:
            return opens + span
        span -= closes - opens
        at = closes
    raise ValueError("hours that open too seldom")


def working_between(start: datetime, end: datetime, hours: Window | None, zone: ZoneInfo) -> timedelta:
    """How much working time lies between two instants; nothing when `end` is the earlier one."""
    if end <= start:
        return timedelta()
    if hours is None:
        return end - start
    worked, at = timedelta(), start
    while at < end:
        opens = next_open(hours, zone, at)
        if opens is None or opens >= end:
            break
        closes = closes_at(hours, zone, opens)
        assert closes is not None, "a window has an end"
        worked += min(closes, end) - opens
        at = closes
    return worked
