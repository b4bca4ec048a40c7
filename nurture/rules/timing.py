"""When something may happen: windows in a lead's own zone, waits across summer time, frequency caps.

Instants are aware datetimes in UTC; local time exists only inside this file. A local time that a
change of the clocks skips is the next valid instant, one that comes twice is its first (PEP 495).
All zones come from the tzdata package, so that every host counts alike.
"""

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from nurture.rules.duration import Duration
from nurture.rules.holidays_of import OWN, is_holiday, is_known

zoneinfo.reset_tzpath(to=())

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# No combination of weekdays and holidays keeps a window shut longer than this.
_LOOK_AHEAD_DAYS = 800


@dataclass(frozen=True, slots=True)
class Window:
    """The hours in which a program may write. `days` are weekdays (0 = Monday); `opens` and `closes`
    minutes of the local day (1440 = its end), the second exclusive; `holidays` the places whose
    public holidays keep it shut, `own` for the country of each lead (`window_of`)."""

    days: frozenset[int]
    opens: int
    closes: int
    holidays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frequency:
    """At most `most` mails to one lead in any span of `per`; `over` says what happens to the next one:
    defer or skip."""

    most: int
    per: timedelta
    over: str = "defer"


@lru_cache(maxsize=1024)
def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of the IANA database, None for an unknown name."""
    try:
        return ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_for(own: str | None, program: str) -> ZoneInfo:
    """The lead's own zone, else the program's, else UTC."""
    return zone_named(own) or zone_named(program) or ZoneInfo("UTC")


@lru_cache(maxsize=1024)
def window_of(window: Window | None, country: str | None) -> Window | None:
    """The window for a lead of this country (ISO 3166 alpha-2): it stands for `own` among the holidays.
    Where it is not known, no holidays of its own are kept."""
    if window is None or OWN not in window.holidays:
        return window
    others = tuple(place for place in window.holidays if place != OWN)
    here = (country.upper(),) if country and is_known(country.upper()) else ()
    return replace(window, holidays=(*others, *here))


@lru_cache(maxsize=1024)
def within(window: Window | None, hours: Window | None) -> Window | None:
    """The part of a window that lies within these hours of the house; None where neither sets any. Without
    days where they never meet."""
    if window is None or hours is None:
        return window or hours
    opens, closes = max(window.opens, hours.opens), min(window.closes, hours.closes)
    days = window.days & hours.days if opens < closes else frozenset[int]()
    return replace(window, days=days, opens=opens, closes=closes)


def instant_of(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant of a local minute (0 to 1440) of a day."""
    naive = datetime.combine(day, time()) + timedelta(minutes=minute)
    return _resolve(naive, zone)


def _resolve(naive: datetime, zone: ZoneInfo) -> datetime:
    first = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == naive:
        return first
    # Skipped by the clocks: the offsets before and after name two instants around the change.
    second = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(second, first, zone)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant in (low, high] at which the offset of the zone becomes that of `high`."""
    after = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle <= low:
            break
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high


def ends_at(start: datetime, wait: Duration, zone: ZoneInfo) -> datetime:
    """When a wait from `start` is over: s, m and h are elapsed time; d and w keep the local hour."""
    if not wait.keeps_local_hour:
        return start + wait.elapsed
    return _resolve(start.astimezone(zone).replace(tzinfo=None, fold=0) + wait.elapsed, zone)


def next_weekday(start: datetime, weekdays: frozenset[int], minute: int, zone: ZoneInfo) -> datetime:
    """The first instant at or after `start` that is local `minute` of one of the weekdays."""
    day = start.astimezone(zone).date()
    for ahead in range(9):
        candidate_day = day + timedelta(days=ahead)
        if candidate_day.weekday() in weekdays:
            candidate = instant_of(candidate_day, minute, zone)
            if candidate >= start:
                return candidate
    raise ValueError("no weekday to wait for")


def is_open(window: Window, zone: ZoneInfo, at: datetime) -> bool:
    """Whether the window is open at this instant for a lead of this zone."""
    local = at.astimezone(zone)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return (
        local.weekday() in window.days
        and timedelta(minutes=window.opens) <= since_midnight < timedelta(minutes=window.closes)
        and not is_holiday(window.holidays, local.date())
    )


def next_open(window: Window | None, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first open instant at or after `at`; None for a window that never opens. No window is always
    open."""
    if window is None or is_open(window, zone, at):
        return at
    day = at.astimezone(zone).date()
    for ahead in range(_LOOK_AHEAD_DAYS):
        candidate_day = day + timedelta(days=ahead)
        if candidate_day.weekday() not in window.days:
            continue
        candidate = max(at, instant_of(candidate_day, window.opens, zone))
        if is_open(window, zone, candidate):
            return candidate
    return None


def closes_at(window: Window | None, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When the window that is open at this instant closes; None without a window."""
    if window is None:
        return None
    day = at.astimezone(zone).date()
    closing = instant_of(day, window.closes, zone)
    if closing > at:
        return closing
    # The hour comes twice and `at` lies in its second turn: so does the closing.
    naive = datetime.combine(day, time()) + timedelta(minutes=window.closes)
    return naive.replace(tzinfo=zone, fold=1).astimezone(UTC)


def free_at(frequency: Frequency | None, sends: Sequence[datetime], now: datetime) -> datetime:
    """The first instant from `now` on at which one more mail stays within the cap. `sends` are the
    instants of mails sent or about to be, in any order; a mail counts for `per` after its instant."""
    if frequency is None:
        return now
    counting = sorted(sent for sent in sends if sent + frequency.per > now)
    if len(counting) < frequency.most:
        return now
    return counting[-frequency.most] + frequency.per
