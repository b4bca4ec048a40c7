"""How values are written on a page: instants in the viewer's zone, numbers by the reader's locale."""

import math
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from flask import Flask, request
from jinja2 import StrictUndefined
from markupsafe import Markup

from nurture.rules.colours import palette
from nurture.rules.places import country_name, language_name
from nurture.rules.words import _, spoken
from nurture.web import access, files
from nurture.web.language import locale
from nurture.web.parts import HOW_TO_FETCH, Vendor
from nurture.web.request import now, page_shell, viewer

_RECENT = timedelta(hours=24)
_NOW = timedelta(minutes=1)
_DAY, _WEEK = 86_400, 604_800  # seconds
# A smaller part of a whole would be shown as 0 %, a greater one than all but it as 100 %.
_LEAST_SHARE = 0.005


def install(app: Flask, vendor: Vendor) -> None:
    """Give templates the filters and the few values that every page needs."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(
        told_day=told_day, told_moment=told_moment,
        when=when, moment=moment, day=day, whole_day=whole_day, clock=clock, lasting=lasting,
        num=number, share=share, money=money,
        sentence=sentence, initials=initials, masked=masked, points=points, palette=palette,
        countdown=countdown, short_span=short_span, wall_clock=wall_clock,
        language_name=language_name, country_name=country_name,
        ago=ago, lasting_s=lasting_seconds, weekday=weekday, date=plain_date,
    )  # fmt: skip
    environment.globals.update(
        own=files.own,
        vendor=vendor.urls,
        vendor_missing="" if vendor.complete else HOW_TO_FETCH,
        may=access.may,
    )
    app.context_processor(_at_hand)


def _at_hand() -> dict[str, Any]:
    return {"viewer": viewer(), "shell": page_shell, "now": now, "with_query": with_query}


def zone() -> ZoneInfo:
    """The zone of the installation: what the people of one company share."""
    try:
        return ZoneInfo(page_shell().timezone)
    except ZoneInfoNotFoundError:
        return ZoneInfo("UTC")


def when(instant: datetime | None) -> Markup:
    """Relative within a day, absolute else, with the exact instant behind it."""
    if instant is None:
        return Markup("–")
    local = instant.astimezone(zone())
    apart = instant - now()
    if abs(apart) < _NOW:
        return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), _("just now"))
    text = (
        format_timedelta(apart, add_direction=True, locale=locale())
        if abs(apart) < _RECENT
        else moment(instant)
    )
    exact = format_datetime(local, "full", locale=locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(instant.isoformat(), exact, text)


def moment(instant: datetime | None) -> str:
    """ "3 Mar, 10:05"; the year only when it is another one."""
    if instant is None:
        return "–"
    return f"{day(instant)}, {clock(instant)}"


def day(instant: date | None) -> str:
    """ "3 Mar", the year only when it is another one; of an instant by the clock of the house."""
    if instant is None:
        return "–"
    local = instant.astimezone(zone()).date() if isinstance(instant, datetime) else instant
    same_year = local.year == now().astimezone(zone()).year
    text = format_date(local, "d MMM" if same_year else "d MMM y", locale=locale())
    # Russian shortens months with a point, which in the middle of a line reads like the end of it.
    return text.replace(".", "") if spoken() == "ru" else text


def written(local: datetime) -> str:
    """A moment with its year, by its own clock: "3 Mar 2026, 09:30"."""
    return f"{format_date(local, 'd MMM y', locale=locale())}, {local:%H:%M}"


def whole_day(instant: datetime) -> str:
    """ "3 March", where the day stands in a sentence; the year only when it is another one."""
    local = instant.astimezone(zone())
    same_year = local.year == now().astimezone(zone()).year
    return format_date(local.date(), "d MMMM" if same_year else "d MMMM y", locale=locale())


def told_day(written: str) -> str:
    """The day of an instant as JSON keeps it."""
    return day(datetime.fromisoformat(written))


def told_moment(written: str) -> str:
    """The moment of an instant as JSON keeps it."""
    return moment(datetime.fromisoformat(written))


def time_of_day(minute: int | None) -> str:
    """A minute of the day as a field for times takes it, "21:00"; "" for none."""
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def clock(instant: datetime) -> str:
    return format_time(instant.astimezone(zone()), "HH:mm", tzinfo=zone(), locale=locale())


def lasting(span: timedelta | None) -> str:
    return format_timedelta(span, locale=locale()) if span is not None else "–"


def countdown(seconds: float) -> str:
    """ "3:48", "1h24", "3d" or, when the time is over, "+2:14"."""
    left = abs(round(seconds))
    sign = "+" if seconds < 0 else ""
    if left >= _DAY:
        # Never in months: in the narrow form a month and a minute are the same letter.
        return sign + format_timedelta(
            timedelta(seconds=left),
            "week" if left >= 2 * _WEEK else "day",
            threshold=math.inf,
            format="narrow",
            locale=locale(),
        )
    if left >= 3600:
        hours = _("{h}h{m}").format(h=left // 3600, m=f"{left % 3600 // 60:02}")
        return sign + hours
    return f"{sign}{left // 60}:{left % 60:02}"


def short_span(seconds: float | None) -> str:
    """ "6 min": a span in the largest unit that says enough."""
    if seconds is None:
        return "–"
    return format_timedelta(timedelta(seconds=seconds), format="short", threshold=1.2, locale=locale())


def wall_clock(local: datetime) -> str:
    """The time of day of an instant that is local already."""
    return format_time(local.timetz(), "HH:mm", tzinfo=local.tzinfo, locale=locale())


def weekday(day: date, *, whole: bool = False) -> str:
    """ "Tue", or "Tuesday"."""
    return format_date(day, "EEEE" if whole else "EEE", locale=locale())


def plain_date(day: date) -> str:
    """ "3 Mar"."""
    return format_date(day, "d MMM", locale=locale())


def lasting_seconds(seconds: float) -> str:
    return lasting(timedelta(seconds=seconds))


def ago(seconds: float) -> Markup:
    """So many seconds before now, by the machine's clock."""
    return when(now() - timedelta(seconds=seconds))


def number(value: float | None, places: int = 0) -> str:
    if value is None:
        return "–"
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, pattern, locale=locale())


def points(value: float) -> str:
    """A signed contribution, with one place only where it says something."""
    rounded = round(value, 1)
    text = number(abs(rounded), 0 if rounded == int(rounded) else 1)
    return ("−" if rounded < 0 else "+") + text


def share(part: float, whole: float) -> str:
    """A whole percentage, or a dash where there is nothing to take it of."""
    return percentage(part / whole) if whole else "–"


def percentage(part: float) -> str:
    """A part of 1 in whole percent: "< 1%" for what rounds to none, "> 99%" for what rounds to all."""
    if 0 < part <= _LEAST_SHARE:
        return f"<\u00a0{format_percent(0.01, locale=locale())}"
    if 1 - _LEAST_SHARE <= part < 1:
        return f">\u00a0{format_percent(0.99, locale=locale())}"
    return format_percent(part, locale=locale())


def money(amount: Any, currency: str | None) -> str:
    pattern = locale().currency_formats["standard"].pattern.replace("0.00", "0.##")
    return format_currency(amount, currency or "EUR", locale=locale(), format=pattern, currency_digits=False)


def initials(name: str) -> str:
    words = [word for word in name.replace(".", " ").split() if word[:1].isalpha()]
    chosen = words[-2:] if len(words) > 1 else words
    return "".join(word[0].upper() for word in chosen) or "?"


def sentence(text: str) -> str:
    """With a capital at its beginning; the rest as it is."""
    return text[:1].upper() + text[1:]


def masked(address: str) -> str:
    """An address that its owner recognises and a stranger does not learn: k•••••@brand.example."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}•••••@{domain}"


def with_query(**changes: str | None) -> str:
    """The present address with some of its filters changed; a filter set to None goes."""
    kept = {name: value for name, value in request.args.items() if name not in ("after", *changes)}
    pairs = kept | {name: value for name, value in changes.items() if value}
    return request.path + (f"?{urlencode(pairs)}" if pairs else "")
