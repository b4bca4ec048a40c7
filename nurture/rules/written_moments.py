"""When something happened, as the files of people say it: ISO 8601, numbers with the day or the month first,
months by name, the day numbers of spreadsheets, the seconds of Unix; with a time of day and a zone, or not.

03/04/2026 means two days. Which of them, the whole column tells (flows/import_signals), or a person: nothing
here is taken for likely. Where no zone is written the moment is one of the zone that is handed in.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from nurture.rules.words import _

DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
ORDERS = (DAY_FIRST, MONTH_FIRST)

_SHORT_YEARS = 70  # 69 is 2069, 70 is 1970
# Day 25569 of a spreadsheet is the first of 1970 (ECMA-376, part 1, 18.17.4.1: the 1900 date system).
_SHEET = date(1899, 12, 30)
_SHEET_DAYS = range(25_569, 109_575)  # up to 2199
_UNIX_DIGITS, _UNIX_MILLI_DIGITS = 10, 13
_MOST_LETTERS = 60

_ISO = re.compile(r"\d{4}-?\d{2}-?\d{2}(?:[T ].*)?|\d{4}-?W\d{2}-?\d", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})")
_THREE = re.compile(r"(\d{1,2})([/.-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})")
_SHORT_YEAR = re.compile(r"\.\s?\d{1,2}\.\s?\d{2}$")
_WEEKDAY = r"(?:[^\W\d_]{2,12}[.,]?\s+)?"
_NAMED_DAY_FIRST = re.compile(
    _WEEKDAY + r"(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]*([^\W\d_]{3,9})[.,]?[\s-]*(\d{4})"
)
_NAMED_MONTH_FIRST = re.compile(_WEEKDAY + r"([^\W\d_]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_NUMBER = re.compile(r"(\d{5})(?:[.,](\d{1,12}))?|(\d{10}|\d{13})")
_TIME = re.compile(
    r"(?:\s*T|[,\s]\s*|\s+at\s+)(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?"
    r"\s*([ap])?\.?(?(5)m\.?)\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*(?:Uhr|ч\.?))?$",
    re.IGNORECASE,
)

_OF_YEARS = re.compile(r"(?<=\d)\s*г\.?$")  # 3 марта 2026 г.

# By their first three letters, in English, German and Russian.
_MONTHS = {
    name: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jän feb mär apr mai jun jul aug sep okt nov dez",
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
        "янв фев мар апр май июн июл авг сен окт ноя дек",
    )
    for number, name in enumerate(names.split(), start=1)
}


class Unreadable(ValueError):
    """Why a text is no moment, in a sentence."""


@dataclass(frozen=True, slots=True)
class TwoWays:
    """A date of two numbers that may both be months: `first` and `second` as they are written."""

    first: int
    second: int
    year: int

    @property
    def reads(self) -> frozenset[str]:
        """The orders in which it is a date at all."""
        return frozenset(order for order in ORDERS if _exists(self, order))

    @property
    def is_doubtful(self) -> bool:
        """Whether the two orders say different days."""
        return len(self.reads) == 2 and self.first != self.second

    def day(self, order: str) -> date:
        """Raises ValueError where the calendar has no such day."""
        day, month = (self.first, self.second) if order == DAY_FIRST else (self.second, self.first)
        return date(self.year, month, day)


def two_ways(written: str) -> TwoWays | None:
    """The numbers of a date like 03/04/2026 or 3-4-2026; None for what says by itself which is the day."""
    found = _THREE.fullmatch(_TIME.sub("", " ".join(written.split())))
    if found is None or found[2] == "." or len(found[4]) == 2:
        return None
    return TwoWays(int(found[1]), int(found[3]), int(found[4]))


def read(written: str, *, order: str | None, zone: tzinfo) -> datetime:
    """The moment in UTC; a date alone is the beginning of its day in `zone`. Raises Unreadable, also where
    `order` would have to be known."""
    plain = " ".join(written.split())
    try:
        return _moment(plain, order, zone).astimezone(UTC)
    except Unreadable:
        raise
    except (ValueError, KeyError, OverflowError) as fault:
        raise Unreadable(_unreadable(plain, order)) from fault


def read_day(written: str, *, order: str | None, today: date | None = None) -> date:
    """The day as it is where it was written, whatever its hour and zone. Where `today` is given no day lies
    after it, so that a year of two digits may be one of the century before. Raises Unreadable."""
    plain = " ".join(written.split())
    try:
        return _whole_day(plain, order, today)
    except Unreadable:
        raise
    except (ValueError, KeyError, OverflowError) as fault:
        raise Unreadable(_unreadable(plain, order)) from fault


def _whole_day(plain: str, order: str | None, today: date | None) -> date:
    number = _NUMBER.fullmatch(plain)
    if number is not None and number[1]:
        return _SHEET + timedelta(days=int(number[1]))  # of any year: nothing but a date is asked for
    day = _moment(plain, order, UTC).date()
    if today is not None and day > today and _SHORT_YEAR.search(_TIME.sub("", plain)):
        return day.replace(year=day.year - 100)
    return day


def _unreadable(plain: str, order: str | None) -> str:
    named = plain[:_MOST_LETTERS]
    numbers = two_ways(plain)
    if numbers is not None and numbers.reads and order not in numbers.reads:
        if order == DAY_FIRST:
            return _('"{written}" is no date with the day first.').format(written=named)
        return _('"{written}" is no date with the month first.').format(written=named)
    return _('"{written}" cannot be read as a date; 2025-11-30T14:00:00Z and 30.11.2025 14:00 can.').format(
        written=named
    )


def _moment(plain: str, order: str | None, zone: tzinfo) -> datetime:
    if len(plain) > _MOST_LETTERS:
        raise ValueError("longer than any date")
    if _ISO.fullmatch(plain):
        try:
            return _in_zone(datetime.fromisoformat(plain), zone)
        except ValueError:
            pass  # "2026-03-03 2:00 PM" is none of the standard, and can be read
    if (number := _NUMBER.fullmatch(plain)) is not None:
        return _counted(number, zone)
    written, (clock, offset) = _apart(plain)
    return _in_zone(datetime.combine(_day(written, order), clock, offset), zone)


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _counted(number: re.Match[str], zone: tzinfo) -> datetime:
    """Days of a spreadsheet (the part of a day behind the point), or seconds or milliseconds since 1970."""
    if number[3]:
        seconds = int(number[3]) / (1 if len(number[3]) == _UNIX_DIGITS else 1000)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    if int(number[1]) not in _SHEET_DAYS:
        raise ValueError("no day of a spreadsheet since 1970")
    part = round(float(f"0.{number[2] or 0}") * 86_400)
    midnight = datetime.combine(_SHEET + timedelta(days=int(number[1])), time())
    return (midnight + timedelta(seconds=part)).replace(tzinfo=zone)


def _apart(plain: str) -> tuple[str, tuple[time, tzinfo | None]]:
    """The date as written, and the time of day with its zone where they are said."""
    found = _TIME.search(plain)
    if found is None:
        return plain, (time(), None)
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[5]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if found[5].lower() == "p" else 0)
    micro = int((found[4] or "0")[:6].ljust(6, "0"))
    return plain[: found.start()], (time(hour, minute, second, micro), _offset(found[6]))


def _offset(written: str | None) -> tzinfo | None:
    if not written:
        return None
    if written[0] not in "+-":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if written[0] == "-" else minutes))


def _day(written: str, order: str | None) -> date:
    """Raises ValueError and KeyError for what is no day."""
    plain = _OF_YEARS.sub("", written)
    if (found := _YEAR_FIRST.fullmatch(plain)) is not None:
        return date(int(found[1]), int(found[3]), int(found[4]))
    if (found := _NAMED_DAY_FIRST.fullmatch(plain)) is not None:
        return date(int(found[3]), _MONTHS[found[2][:3].casefold()], int(found[1]))
    if (found := _NAMED_MONTH_FIRST.fullmatch(plain)) is not None:
        return date(int(found[3]), _MONTHS[found[1][:3].casefold()], int(found[2]))
    if (found := _THREE.fullmatch(plain)) is not None:
        return _of_numbers(found, order)
    raise ValueError("no date")


def _of_numbers(found: re.Match[str], order: str | None) -> date:
    """Points stand behind the day alone; other signs behind either."""
    points, year = found[2] == ".", int(found[4])
    if len(found[4]) == 2:
        if not points:
            raise Unreadable(_('Write the year of "{written}" with four digits.').format(written=found[0]))
        year += 1900 if year >= _SHORT_YEARS else 2000
    numbers = TwoWays(int(found[1]), int(found[3]), year)
    if points:
        return numbers.day(DAY_FIRST)
    if order is None and numbers.is_doubtful:
        raise Unreadable(_('"{written}" means two days: say what comes first.').format(written=found[0]))
    return numbers.day(order or next(iter(numbers.reads), DAY_FIRST))


def _exists(numbers: TwoWays, order: str) -> bool:
    try:
        numbers.day(order)
    except ValueError:
        return False
    return True
