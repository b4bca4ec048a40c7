"""Weekdays, hours of the day, holidays and offsets, as files write them."""

import re

from nurture.rules.duration import AT_ONCE, Offset, parse_offset
from nurture.rules.holidays_of import OWN, is_known
from nurture.rules.program.steps import DateOf
from nurture.rules.tables import Table
from nurture.rules.timing import WEEKDAYS, Window
from nurture.rules.words import _

EVERY_DAY = frozenset(range(7))

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DATE_FIELD = re.compile(r"(?:(?:dates|fields|company)\.)?[a-z][a-z0-9_]{0,62}")


def window(table: Table) -> Window | None:
    if table.get("window") is None:
        return None
    inside = table.table("window")
    found = Window(
        days=weekdays(inside, "days", default=EVERY_DAY),
        opens=minute(inside, "from", 0),
        closes=minute(inside, "to", 1440),
        holidays=_holidays(inside),
    )
    inside.done()
    if found.closes <= found.opens:
        inside.fault("to", _("This window never opens: it would close before it opens."))
    return found


def weekdays(table: Table, name: str, default: frozenset[int] | None = None) -> frozenset[int]:
    given = table.many(name)
    if not given and table.raw.get(name) is None and default is not None:
        return default
    days: set[int] = set()
    for span in (_span(part) for one in given for part in str(one).split(",")):
        if span is None:
            table.expected(name, _("weekdays such as mon-fri or [tue, thu]"))
            return EVERY_DAY
        days.update(span)
    if not days:
        table.expected(name, _("at least one weekday such as mon-fri or [tue, thu]"))
        return EVERY_DAY
    return frozenset(days)


def _span(text: str) -> list[int] | None:
    """The weekdays of "tue" or of "fri-mon", which runs over the weekend."""
    first, dash, last = text.strip().lower().partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        return None
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


def minute(table: Table, name: str, default: int | None) -> int:
    """The minute of the day; without a default it must be there."""
    raw = table.get(name)
    if raw is None and default is not None:
        return default
    if raw == "24:00" and name == "to":
        return 1440
    match = _TIME.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        table.expected(name, _('a time of day such as "09:00"'))
        return default or 0
    return int(match[1]) * 60 + int(match[2])


def date_of(inside: Table) -> DateOf:
    """A date of the lead: field, offset, at, yearly."""
    field = inside.get("field")
    if not isinstance(field, str) or not _DATE_FIELD.fullmatch(field):
        inside.expected("field", _("a date of the lead such as dates.renewal"))
    at = minute(inside, "at", 0) if inside.get("at") is not None else None
    return DateOf(str(field), _offset(inside), at, inside.flag("yearly"))


def _offset(table: Table) -> Offset:
    raw = table.get("offset")
    if raw is None:
        return AT_ONCE
    try:
        return parse_offset(raw)
    except ValueError as wrong:
        table.fault("offset", f'"offset": {wrong}.')
        return AT_ONCE


def _holidays(table: Table) -> tuple[str, ...]:
    places = tuple(str(place) for place in table.many("holidays"))
    for place in places:
        if place != OWN and not is_known(place):
            known = _("a country or region such as DE, NO or DE-BY, or own, not {place}")
            table.expected("holidays", known.format(place=place))
            return ()
    return places
