"""When a working day begins: the moment for what somebody is told once a day."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.rules.timing import Window, instant_of, is_open

# A machine that was off in the morning still tells in these hours; later it is no news any more.
_MORNING = timedelta(hours=3)


def begun(hours: Window, zone: ZoneInfo, now: datetime) -> date | None:
    """The local date of the working day that has begun at most three hours ago; None at any other time, and
    on days off."""
    today = now.astimezone(zone).date()
    opens = instant_of(today, hours.opens, zone)
    return today if opens <= now < opens + _MORNING and is_open(hours, zone, opens) else None
