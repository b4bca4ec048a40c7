"""Public holidays of countries and their parts, by the date of the place."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays

# Stands for the country that the lead lives in.
OWN = "own"


@lru_cache(maxsize=1)
def _subdivisions() -> Mapping[str, list[str]]:
    known: Mapping[str, list[str]] = holidays.list_supported_countries(include_aliases=False)
    return known


def is_known(place: str) -> bool:
    """Whether holidays of `place` are known: a country (ISO 3166-1, "DE") or a part of one ("DE-BY")."""
    country, _dash, part = place.partition("-")
    parts = _subdivisions().get(country)
    return parts is not None and (not part or part in parts)


@lru_cache(maxsize=2048)
def holidays_in(place: str, year: int) -> frozenset[date]:
    """The public holidays of one place in one year."""
    country, _dash, part = place.partition("-")
    days = holidays.country_holidays(country, subdiv=part or None, years=year)
    return frozenset(day for day in days if day.year == year)


def is_holiday(places: tuple[str, ...], day: date) -> bool:
    """Whether any of the places rests on that day; `own` rests nowhere until it is known whose it is."""
    return any(day in holidays_in(place, day.year) for place in places if place != OWN)
