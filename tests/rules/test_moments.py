"""Moments around the dates of leads."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.duration import parse_offset
from nurture.rules.moments import moment_of
from nurture.rules.program import DateOf

BERLIN = ZoneInfo("Europe/Berlin")
MARCH = datetime(2026, 3, 3, 10, tzinfo=UTC)


def met(value: object, offset: str = "0d", at: int | None = 600, *, yearly: bool = False, since=MARCH):
    wanted = DateOf("dates.renewal", parse_offset(offset), at, yearly)
    return moment_of(wanted, {"dates.renewal": value}, BERLIN, since=since)


def test_fourteen_days_before_a_renewal_at_ten_of_the_lead():
    assert met("2026-06-15", "-14d") == datetime(2026, 6, 1, 8, tzinfo=UTC)


def test_days_keep_the_local_hour_across_summer_time_and_hours_do_not():
    # The clocks go forward on the 29th of March.
    assert met("2026-04-01", "-1w") == datetime(2026, 3, 25, 9, tzinfo=UTC)
    assert met("2026-04-01", "-168h") == datetime(2026, 3, 25, 8, tzinfo=UTC)


def test_a_plain_day_begins_at_midnight_and_an_instant_is_its_own_moment():
    assert met("2026-06-15", at=None) == datetime(2026, 6, 14, 22, tzinfo=UTC)
    assert met("2026-06-15T12:30:00+00:00", "2h", None) == datetime(2026, 6, 15, 14, 30, tzinfo=UTC)
    assert met("2026-06-15T23:30:00+00:00", at=600) == datetime(2026, 6, 16, 8, tzinfo=UTC)


def test_an_anniversary_is_the_next_one():
    assert met("1980-03-05", yearly=True) == datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert met("1980-03-01", yearly=True) == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert met("1980-03-01", "7d", yearly=True) == datetime(2026, 3, 8, 9, tzinfo=UTC)


def test_born_on_a_leap_day_the_birthday_is_the_last_of_february():
    assert met("1980-02-29", yearly=True) == datetime(2027, 2, 28, 9, tzinfo=UTC)
    later = datetime(2028, 1, 1, tzinfo=UTC)
    assert met("1980-02-29", yearly=True, since=later) == datetime(2028, 2, 29, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "soon", 7, True, ["2026-01-01"], "2026-13-01"])
def test_what_is_no_date_has_no_moment(value):
    assert met(value) is None


def test_a_day_that_no_calendar_has_is_none():
    assert met("9999-12-31", "100w") is None


@given(
    born=st.dates(date(1900, 1, 1), date(2020, 12, 31)),
    days=st.integers(-400, 400),
    after=st.integers(0, 3_000 * 24),
)
def test_an_anniversary_is_never_past_and_at_most_a_year_away(born, days, after):
    since = MARCH + timedelta(hours=after)
    found = met(born.isoformat(), f"{days}d", yearly=True, since=since)
    assert found is not None
    assert timedelta() <= found - since <= timedelta(days=367)
