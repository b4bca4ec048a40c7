"""The events of a Mautic campaign as values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SECONDS = {"s": 1, "i": 60, "h": 3600, "d": 86400, "w": 604800, "m": 30 * 86400, "y": 365 * 86400}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS_ONLY = 8  # Mautic's number for "weekdays" among the days


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `kind` is action, decision or condition; `way` yes, no or empty; `delay_s` how long after
    its parent it comes; `at` and `days` narrow the hour; `stop` is the end of its hours, `date` a fixed
    day."""

    id: int
    parent: int | None
    name: str
    kind: str
    type: str
    way: str
    order: int
    delay_s: int
    at: str
    days: tuple[str, ...]
    stop: str
    date: str
    channel_id: int | None
    settings: Mapping[str, Any]


def events_of(rows: Iterable[Mapping[str, Any]], campaign_id: object) -> list[Event]:
    """The events of this campaign; rows without a number are passed over."""
    mine = [row for row in rows if row.get("campaign_id") in (campaign_id, None)]
    return [_event(row) for row in mine if _whole(row.get("id")) is not None]


def _event(row: Mapping[str, Any]) -> Event:
    settings = row.get("properties")
    mode = str(row.get("trigger_mode") or "immediate")
    return Event(
        id=_whole(row.get("id")) or 0,
        parent=_whole(row.get("parent_id")),
        name=str(row.get("name") or row.get("type") or "").strip(),
        kind=str(row.get("event_type") or "action"),
        type=str(row.get("type") or ""),
        way=str(row.get("decisionPath") or ""),
        order=_whole(row.get("event_order")) or 0,
        delay_s=_delay(row) if mode == "interval" else 0,
        at=_hour(row.get("trigger_hour")) or _hour(row.get("triggerRestrictedStartHour")),
        days=_weekdays(row.get("triggerRestrictedDaysOfWeek")),
        stop=_hour(row.get("triggerRestrictedStopHour")),
        date=str(row.get("trigger_date") or "") if mode == "date" else "",
        channel_id=_whole(row.get("channel_id")),
        settings=settings if isinstance(settings, Mapping) else {},
    )


def _delay(row: Mapping[str, Any]) -> int:
    amount = _whole(row.get("trigger_interval")) or 0
    unit = str(row.get("trigger_interval_unit") or "d").lower()
    return max(amount, 0) * _SECONDS.get(unit, 86400)


def _hour(raw: object) -> str:
    """HH:MM of 09:30:00; empty for nothing."""
    text = str(raw or "")
    return text[:5] if len(text) >= 5 and text[2] == ":" else ""


def _weekdays(raw: object) -> tuple[str, ...]:
    numbers = [_whole(one) for one in raw] if isinstance(raw, list) else []
    wanted = {number for number in numbers if number is not None}
    if _WEEKDAYS_ONLY in wanted:
        wanted |= {1, 2, 3, 4, 5}
    # Sunday is 0 in one place of Mautic and 7 in another.
    return tuple(day for at, day in enumerate(_DAYS, start=1) if at in wanted or (at == 7 and 0 in wanted))


def _whole(raw: object) -> int | None:
    text = str(raw).strip() if raw is not None and not isinstance(raw, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
