"""Lengths of time as people write them."""

from datetime import timedelta

import pytest

from nurture.rules import duration


@pytest.mark.parametrize(
    ("text", "elapsed"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("3h", timedelta(hours=3)),
        ("5d", timedelta(days=5)),
        ("2w", timedelta(days=14)),
    ],
)
def test_a_length_of_time_is_read_and_written_as_it_was(text: str, elapsed: timedelta) -> None:
    assert duration.parse(text).elapsed == elapsed
    assert str(duration.parse(text)) == text


@pytest.mark.parametrize("raw", ["5", "d", "-5d", "1.5h", "5 days", "", 5, None, "999999999w"])
def test_anything_else_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match="expected a length of time"):
        duration.parse(raw)


def test_days_and_weeks_keep_the_local_hour() -> None:
    assert [duration.parse(text).keeps_local_hour for text in ("5d", "2w", "3h", "30s")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_length_of_time_is_said_in_words() -> None:
    assert duration.describe(duration.parse("1d")) == "1 day"
    assert duration.describe(duration.parse("5d")) == "5 days"
