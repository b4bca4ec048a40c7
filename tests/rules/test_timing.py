"""Windows, waits and caps, in every zone of the world and over ten years of clock changes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.rules import duration
from nurture.rules.holidays_of import is_holiday, is_known
from nurture.rules.timing import (
    Frequency,
    Window,
    closes_at,
    ends_at,
    free_at,
    instant_of,
    is_open,
    next_open,
    next_weekday,
    within,
    zone_for,
    zone_named,
)

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Window(frozenset(range(5)), 9 * 60, 18 * 60, ("DE",))
ZONES = sorted(available_timezones() - {"localtime"})


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


TEN_YEARS = 10 * 365 * 86400
instants = st.integers(0, TEN_YEARS).map(lambda s: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
zones = st.sampled_from(ZONES).map(ZoneInfo)
windows = st.builds(
    lambda days, opens, length, places: Window(days, opens, min(opens + length, 1440), places),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1380),
    st.integers(60, 1440),
    st.sampled_from([(), ("DE",), ("US", "FR"), ("JP",)]),
)


@given(windows, zones, instants)
@settings(max_examples=600, deadline=None)
def test_nothing_leaves_outside_its_window_in_any_zone(window, zone, at):
    opened = next_open(window, zone, at)
    assert opened is not None
    assert opened >= at
    local = opened.astimezone(zone)
    assert local.weekday() in window.days
    assert window.opens <= local.hour * 60 + local.minute < window.closes
    assert not is_holiday(window.holidays, local.date())


@given(windows, zones, instants, st.floats(0, 1))
@settings(max_examples=600, deadline=None)
def test_no_earlier_opening_is_missed_but_an_hour_that_comes_twice(window, zone, at, share):
    opened = next_open(window, zone, at)
    between = at + (opened - at) * share
    local = between.astimezone(zone)
    if between < opened and local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        assert not is_open(window, zone, between)


@given(windows, windows, zones, instants)
@settings(max_examples=300, deadline=None)
def test_the_quiet_hours_of_the_house_are_kept_by_every_window(window, hours, zone, at):
    hours = replace(hours, holidays=())
    left = within(window, hours)
    assert is_open(left, zone, at) == (is_open(window, zone, at) and is_open(hours, zone, at))
    assert within(window, None) == window
    assert within(None, hours) == hours


@given(windows, zones, instants, st.floats(0, 0.999))
@settings(max_examples=600, deadline=None)
def test_an_open_window_stays_open_until_it_closes_but_for_an_hour_that_comes_twice(window, zone, at, share):
    opened = next_open(window, zone, at)
    closing = closes_at(window, zone, opened)
    assert closing > opened
    same_clock = closing.astimezone(zone).utcoffset() == opened.astimezone(zone).utcoffset()
    if same_clock and window.closes < 1440:  # at midnight the next day may open at once
        assert not is_open(window, zone, closing)
    between = opened + (closing - opened) * share
    if between.astimezone(zone).utcoffset() == opened.astimezone(zone).utcoffset():
        assert is_open(window, zone, between)


def test_a_window_in_the_second_turn_of_an_hour_closes_in_that_turn():
    nightly = Window(frozenset({6}), 120, 150)
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 for the second time
    assert is_open(nightly, BERLIN, second)
    assert closes_at(nightly, BERLIN, second) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(zones, instants, st.integers(1, 60))
@settings(max_examples=500, deadline=None)
def test_waits_in_days_end_at_the_same_local_hour_wherever_that_hour_exists(zone, start, days):
    end = ends_at(start, duration.parse(f"{days}d"), zone)
    wanted = start.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    got = end.astimezone(zone).replace(tzinfo=None)
    exists = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted
    assert end > start
    assert got == wanted if exists else got > wanted - timedelta(days=1)


@given(zones, instants, st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 1439))
@settings(max_examples=500, deadline=None)
def test_a_weekday_is_met_within_nine_days_and_never_in_the_past(zone, start, weekdays, minute):
    met = next_weekday(start, weekdays, minute, zone)
    assert start <= met <= start + timedelta(days=9)


def test_an_hour_that_does_not_exist_is_the_next_valid_instant():
    assert instant_of(date(2026, 3, 29), 150, BERLIN) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert ends_at(berlin("2026-03-28T02:30"), duration.parse("1d"), BERLIN) == berlin("2026-03-29T03:00")


def test_an_hour_that_comes_twice_is_its_first():
    assert instant_of(date(2026, 10, 25), 150, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_that_samoa_left_out_is_the_next_one():
    apia = ZoneInfo("Pacific/Apia")
    assert instant_of(date(2011, 12, 30), 600, apia) == instant_of(date(2011, 12, 31), 0, apia)


def test_three_days_keep_the_local_hour_and_72_hours_do_not():
    friday = berlin("2026-03-27T10:00")
    assert ends_at(friday, duration.parse("3d"), BERLIN) == berlin("2026-03-30T10:00")
    assert ends_at(friday, duration.parse("72h"), BERLIN) == berlin("2026-03-30T11:00")


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        ("2026-03-03T10:15", "2026-03-03T10:15"),  # a Tuesday
        ("2026-03-03T08:59:59", "2026-03-03T09:00"),
        ("2026-03-03T18:00", "2026-03-04T09:00"),
        ("2026-03-06T18:01", "2026-03-09T09:00"),  # over the weekend
        ("2026-04-02T19:00", "2026-04-07T09:00"),  # Good Friday and Easter Monday
        ("2025-12-24T18:00", "2025-12-29T09:00"),  # both days of Christmas, then Saturday
    ],
)
def test_office_hours_in_germany(asked, opens):
    assert next_open(OFFICE, BERLIN, berlin(asked)) == berlin(opens)


def test_the_lead_in_tokyo_is_asleep_when_berlin_opens():
    tokyo = ZoneInfo("Asia/Tokyo")
    opened = next_open(Window(OFFICE.days, 540, 1080), tokyo, berlin("2026-03-03T10:00"))
    assert opened == datetime(2026, 3, 4, 9, tzinfo=tokyo)


def test_a_window_whose_hour_is_skipped_stays_shut_that_day():
    nightly = Window(frozenset({6}), 120, 150)
    assert next_open(nightly, BERLIN, berlin("2026-03-28T12:00")) == berlin("2026-04-05T02:00")


def test_a_window_without_days_never_opens():
    assert next_open(Window(frozenset(), 0, 1440), BERLIN, berlin("2026-03-03T10:00")) is None


def test_unknown_zones_fall_back_to_the_program_and_then_to_utc():
    assert zone_named("Mars/Olympus") is None
    assert zone_named("../etc/passwd") is None
    assert zone_for("Mars/Olympus", "Europe/Berlin").key == "Europe/Berlin"
    assert zone_for(None, "nowhere").key == "UTC"


def test_bavaria_has_holidays_that_hamburg_has_not():
    assert is_known("DE-BY")
    assert is_known("NO")
    assert not is_known("XX")
    assert not is_known("DE-XX")
    assert is_holiday(("DE-BY",), date(2026, 1, 6))
    assert not is_holiday(("DE-HH",), date(2026, 1, 6))


def test_two_mails_a_week_and_the_third_when_the_first_is_a_week_old():
    twice = Frequency(2, timedelta(days=7))
    monday = berlin("2026-03-02T10:00")
    sends = [monday + timedelta(days=2), monday]
    assert free_at(twice, sends[:1], monday + timedelta(days=3)) == monday + timedelta(days=3)
    assert free_at(twice, sends, monday + timedelta(days=3)) == monday + timedelta(days=7)
    assert free_at(None, sends, monday) == monday


@given(st.lists(instants, max_size=12), instants, st.integers(1, 5), st.integers(1, 30))
@settings(deadline=None)
def test_no_span_ever_holds_more_mails_than_the_cap(sends, now, most, days):
    cap = Frequency(most, timedelta(days=days))
    taken = [sent for sent in sends if sent <= now]
    free = free_at(cap, taken, now)
    assert free >= now
    assert sum(free - cap.per < sent <= free for sent in taken) < most
