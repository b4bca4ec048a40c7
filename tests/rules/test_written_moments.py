"""When something happened, as people write it into files."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.written_moments import DAY_FIRST, MONTH_FIRST, Unreadable, read, read_day, two_ways

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 3, 4, tzinfo=UTC)
AT_TWO = datetime(2026, 3, 4, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-04", "20260304", "2026/3/4", "2026.03.04", "4.3.2026", "04.03.26", " 04.03.2026 ",
        "4. 3. 2026",
        "4 March 2026", "4-Mar-2026", "March 4, 2026", "Mar 4 2026", "Wed, 4 Mar 2026", "4. März 2026",
        "4 марта 2026 г.", "4th Mar 2026", "46085", "2026-03-04T00:00:00Z", "1772582400",
        "1772582400000",
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(written: str) -> None:
    assert read(written, order=None, zone=UTC) == DAY


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-04 14:05", "2026-03-04T14:05:00Z", "2026-03-04 2:05 PM", "4.3.2026 14:05",
        "4.3.2026, 14.05 Uhr",
        "04.03.2026 14:05:00", "4 Mar 2026 2:05pm", "Wed, 04 Mar 2026 14:05:00 +0000",
        "4.3.2026 15:05 +01:00",
        "2026-03-04 14:05:00 UTC", "46085.5868055556", "46085,5868055556", "March 4, 2026 at 2:05 p.m.",
    ],
)  # fmt: skip
def test_so_is_a_time_of_day(written: str) -> None:
    assert read(written, order=None, zone=UTC) == AT_TWO


def test_without_a_zone_it_is_a_time_of_the_zone_that_was_said() -> None:
    assert read("4.3.2026 15:05", order=None, zone=BERLIN) == AT_TWO
    assert read("46085.62847222", order=None, zone=BERLIN) == AT_TWO
    assert read("4.7.2026", order=None, zone=BERLIN) == datetime(2026, 7, 3, 22, tzinfo=UTC)
    assert read("2026-03-04T14:05Z", order=None, zone=BERLIN) == AT_TWO
    # In the night of summer time this hour was not: it is the one behind it.
    assert read("29.3.2026 02:30", order=None, zone=BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_two_numbers_that_may_both_be_months_are_never_guessed() -> None:
    assert read("04/03/2026", order=DAY_FIRST, zone=UTC) == DAY
    assert read("03-04-2026 2:05 PM", order=MONTH_FIRST, zone=UTC) == AT_TWO
    with pytest.raises(Unreadable, match="two days"):
        read("04/03/2026", order=None, zone=UTC)
    assert read("13/03/2026", order=None, zone=UTC).day == read("03/13/2026", order=None, zone=UTC).day == 13
    assert read("03/03/2026", order=None, zone=UTC).month == 3
    with pytest.raises(Unreadable, match="day first"):
        read("03/13/2026", order=DAY_FIRST, zone=UTC)
    numbers = two_ways("03/04/2026 10:00")
    assert numbers is not None
    assert numbers.is_doubtful
    assert two_ways("3.4.2026") is None
    assert two_ways("2026-03-04") is None


@pytest.mark.parametrize(
    "written",
    [
        "", "last week", "30.02.2026", "2026-02-30", "03/04/26", "99", "12345", "200000", "4 Foo 2026",
        "4.3.2026 25:00",
        "4.3.2026 13:00 PM", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1" * 400,
        "4.3.2026 10:00 +99:99",
        "4.3.0000", "\x00", "4.3.2026 noon",
    ],
)  # fmt: skip
def test_what_is_no_date_is_told_so(written: str) -> None:
    with pytest.raises(Unreadable):
        read(written, order=DAY_FIRST, zone=UTC)


@given(st.text(max_size=40) | st.from_regex(r"[0-9./: -]{1,30}", fullmatch=True))
def test_nothing_else_goes_wrong_with_any_text(written: str) -> None:
    for order in (DAY_FIRST, MONTH_FIRST, None):
        try:
            assert read(written, order=order, zone=BERLIN).tzinfo is UTC
        except Unreadable as told:
            assert str(told)


@given(st.integers(86_400, 4_102_444_800))
def test_all_ways_say_the_same(second: int) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    for way, order in (
        ("%Y-%m-%d %H:%M:%S", None), ("%d.%m.%Y %H:%M:%S", None), ("%d/%m/%Y %H:%M:%S", DAY_FIRST),
        ("%m/%d/%Y %I:%M:%S %p", MONTH_FIRST), ("%d %b %Y %H:%M:%S", None), ("%B %d, %Y %H:%M:%S", None),
    ):  # fmt: skip
        assert read(moment.strftime(way), order=order, zone=UTC) == moment


@pytest.mark.parametrize(
    ("written", "order", "day"),
    [
        ("17. Mai 1980", None, date(1980, 5, 17)), ("May 17, 1980", None, date(1980, 5, 17)),
        ("5/17/1980", None, date(1980, 5, 17)), ("1980-05-17T23:30:00-05:00", None, date(1980, 5, 17)),
        ("17.05.80", None, date(1980, 5, 17)), ("17.05.65", None, date(1965, 5, 17)),
        ("20000", None, date(1954, 10, 3)), ("05/06/1980", DAY_FIRST, date(1980, 6, 5)),
        ("05/06/1980", MONTH_FIRST, date(1980, 5, 6)),
    ],
)  # fmt: skip
def test_a_birthday_is_the_day_that_was_written_and_never_in_the_future(
    written: str, order: str | None, day: date
) -> None:
    assert read_day(written, order=order, today=date(2026, 3, 3)) == day


def test_a_day_that_means_two_is_not_guessed() -> None:
    with pytest.raises(Unreadable, match="two days"):
        read_day("05/06/1980", order=None)
