from datetime import timedelta

import pytest

from nurture.rules.backoff import TRIES, wait_after


def test_ten_tries_are_spread_over_more_than_three_days() -> None:
    waits = [wait_after(n, draw=0.5) for n in range(1, TRIES)]
    assert waits[:3] == [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)]
    assert sum(waits, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert wait_after(TRIES, draw=0.5) is None


@pytest.mark.parametrize("tries", range(1, TRIES))
def test_a_wait_varies_by_a_tenth_at_most(tries: int) -> None:
    middle = wait_after(tries, draw=0.5)
    assert wait_after(tries, draw=0.0) == middle * 0.9
    assert middle * 1.09 < wait_after(tries, draw=0.999) <= middle * 1.1


def test_what_the_receiver_asks_for_is_honoured_up_to_a_day() -> None:
    assert wait_after(1, draw=0.5, asked=timedelta(minutes=10)) == timedelta(minutes=10)
    assert wait_after(1, draw=0.5, asked=timedelta(seconds=1)) == timedelta(seconds=5)
    assert wait_after(1, draw=0.5, asked=timedelta(days=30)) == timedelta(hours=24)


def test_a_wait_follows_a_try() -> None:
    with pytest.raises(ValueError):
        wait_after(0, draw=0.5)
