"""How a value is read when a condition compares it: as text, as a number, as an instant, or not at all."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from nurture.rules.folding import fold

MANY = (list, tuple, set, frozenset)

_NUMERAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


def is_missing(value: Any) -> bool:
    """Nothing, blank text, and empty collections."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value in ([], (), {})


def as_text(value: Any) -> str | None:
    """Folded; None for what holds several values."""
    if isinstance(value, str):  # most of what is compared, and by far the quickest to tell
        return fold(value.strip())
    if isinstance(value, (*MANY, Mapping)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return fold(aware(value).isoformat())
    return fold(value.isoformat() if isinstance(value, date) else str(value).strip())


def as_bool(value: Any) -> bool | None:
    """True and false, and their names."""
    if isinstance(value, bool | str):
        return {"true": True, "false": False}.get(as_text(value) or "")
    return None


def as_number(value: Any) -> float | None:
    """Numbers, and texts that are decimal numerals. Two numbers compare as double precision does."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return float(value) if _NUMERAL.fullmatch(value.strip()) else None
    try:
        return None if value is None or isinstance(value, (*MANY, Mapping, date)) else float(value)
    except (OverflowError, TypeError, ValueError):
        return None


def as_instant(value: Any) -> datetime | None:
    """Instants in UTC; a date is its first moment."""
    found = instant(value) if isinstance(value, str) else value
    if isinstance(found, datetime):
        return aware(found)
    return datetime(found.year, found.month, found.day, tzinfo=UTC) if isinstance(found, date) else None


def as_date(value: Any) -> date | None:
    """The day in UTC."""
    found = as_instant(value)
    return None if found is None else found.date()


def instant(text: str) -> date | datetime | None:
    """The date, or the instant in UTC, that an ISO 8601 text says; None if it says neither."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        pass
    try:
        return aware(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def aware(moment: datetime) -> datetime:
    """The plain instant in UTC; one without a zone is taken as UTC."""
    plain = datetime.combine(moment.date(), moment.timetz())
    return (plain.replace(tzinfo=UTC) if plain.tzinfo is None else plain).astimezone(UTC)
