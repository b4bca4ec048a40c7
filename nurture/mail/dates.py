"""Days as a reader writes them, in the language of the mail: 31 May 2026, 31 мая 2026."""

from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

_KEPT = 4096


def in_words(value: object, language: str = "en") -> str:
    """A day written as 2026-05-31, alone or before a time, in words; anything else as it is."""
    text = value if isinstance(value, str) else ""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return str(value or "")
    return _written(day, language)


@lru_cache(maxsize=_KEPT)
def _written(day: date, language: str) -> str:
    return format_date(day, "d MMMM y", locale=_locale(language))


@lru_cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")
