"""Working time: spans count while a team's hours are open, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.timing import Window, is_open
from nurture.rules.working_time import after_working, working_between

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Window(frozenset(range(5)), 9 * 60, 18 * 60, ("DE",))
MINUTES = timedelta(minutes=1)


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)


def test_ten_minutes_within_the_day_are_ten_minutes() -> None:
    assert after_working(berlin(2026, 3, 3, 10), 10 * MINUTES, OFFICE, BERLIN) == berlin(2026, 3, 3, 10, 10)


def test_a_lead_of_the_night_is_due_soon_after_opening() -> None:
    assert after_working(berlin(2026, 3, 3, 23), 10 * MINUTES, OFFICE, BERLIN) == berlin(2026, 3, 4, 9, 10)


def test_what_is_left_at_closing_goes_on_in_the_morning() -> None:
    assert after_working(berlin(2026, 3, 3, 17, 55), 10 * MINUTES, OFFICE, BERLIN) == berlin(2026, 3, 4, 9, 5)


def test_a_span_that_ends_at_closing_ends_then() -> None:
    assert after_working(berlin(2026, 3, 3, 17, 50), 10 * MINUTES, OFFICE, BERLIN) == berlin(2026, 3, 3, 18)


def test_weekends_and_holidays_do_not_count() -> None:
    # Good Friday 2026 is 3 April, Easter Monday 6 April.
    assert after_working(berlin(2026, 4, 2, 17, 55), 10 * MINUTES, OFFICE, BERLIN) == berlin(2026, 4, 7, 9, 5)


def test_without_hours_all_time_counts() -> None:
    at = berlin(2026, 3, 7, 3)
    assert after_working(at, 10 * MINUTES, None, BERLIN) == at + 10 * MINUTES
    assert working_between(at, at + 10 * MINUTES, None, BERLIN) == 10 * MINUTES


def test_hours_that_never_open_are_refused() -> None:
    with pytest.raises(ValueError, match="never open"):
        after_working(berlin(2026, 3, 3), MINUTES, Window(frozenset(), 0, 1440), BERLIN)


def test_nothing_lies_between_an_instant_and_an_earlier_one() -> None:
    assert working_between(berlin(2026, 3, 4), berlin(2026, 3, 3), OFFICE, BERLIN) == timedelta()


HOURS = st.builds(
    lambda days, opens, length: Window(frozenset(days), opens, min(opens + length, 1440)),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 1380),
    st.integers(30, 1440),
)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
EVER = datetime(2024, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: EVER + minutes * MINUTES)


@given(HOURS, ZONES, INSTANTS, st.integers(1, 3000))
def test_the_time_worked_until_a_due_instant_is_the_span_that_was_asked(hours, zone, start, minutes) -> None:
    span = minutes * MINUTES
    end = after_working(start, span, hours, ZoneInfo(zone))
    assert working_between(start, end, hours, ZoneInfo(zone)) == span
    # The moment before the end lies in an open hour: nothing is ever due outside of them.
    assert is_open(hours, ZoneInfo(zone), end - timedelta(microseconds=1))
