"""Moments around a date of a lead: its contract ends, its birthday, the day of its fair."""

import calendar
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nurture.rules.conditions.values import as_instant, instant
from nurture.rules.duration import Offset
from nurture.rules.program.steps import DateOf
from nurture.rules.timing import ends_at, instant_of

# Offsets of up to this many years are found; nobody plans further.
_YEARS_AHEAD = 9


def moment_of(
    wanted: DateOf, fields: Mapping[str, Any], zone: ZoneInfo, *, since: datetime
) -> datetime | None:
    """The instant that `wanted` says for a lead of these fields and zone: for a date itself whether past or
    not, for an anniversary the first one from `since` on. None for a date that is missing or none."""
    found = _read(fields.get(wanted.field), zone)
    if found is None:
        return None
    if not wanted.yearly:
        return _moment(found, wanted, zone)
    moments = (_moment(day, wanted, zone) for day in _anniversaries(found, since))
    return next((moment for moment in moments if moment is not None and moment >= since), None)


def _read(value: Any, zone: ZoneInfo) -> datetime | date | None:
    """A day, or an instant in the lead's zone."""
    if isinstance(value, str):
        value = instant(value)
    if isinstance(value, datetime):
        found = as_instant(value)
        return found.astimezone(zone) if found is not None else None
    return value if isinstance(value, date) else None


def _moment(found: datetime | date, wanted: DateOf, zone: ZoneInfo) -> datetime | None:
    try:
        if isinstance(found, datetime) and wanted.minute is None:
            return _shifted(found.astimezone(UTC), wanted.offset, zone)
        day = found.date() if isinstance(found, datetime) else found
        return _shifted(instant_of(day, wanted.minute or 0, zone), wanted.offset, zone)
    except (OverflowError, ValueError):
        return None  # so far away that no calendar has it


def _shifted(start: datetime, offset: Offset, zone: ZoneInfo) -> datetime:
    """Days and weeks keep the local hour, hours and minutes are elapsed time, in both directions."""
    if not offset.back:
        return ends_at(start, offset.by, zone)
    if not offset.by.keeps_local_hour:
        return start - offset.by.elapsed
    local = start.astimezone(zone)
    day = local.date() - timedelta(days=offset.by.elapsed.days)
    whole = instant_of(day, local.hour * 60 + local.minute, zone)
    return whole + timedelta(seconds=local.second, microseconds=local.microsecond)


def _anniversaries(found: datetime | date, since: datetime) -> Iterator[datetime | date]:
    """The day in the years around `since`; one that a year does not have is its last of that month."""
    for year in range(since.year - _YEARS_AHEAD, since.year + _YEARS_AHEAD + 1):
        if found.year <= year <= 9999:
            last = calendar.monthrange(year, found.month)[1]
            yield found.replace(year=year, day=min(found.day, last))
