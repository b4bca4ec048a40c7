"""One rate for many processes: no window of time ever sees more than the limit."""

import multiprocessing
import time
from multiprocessing.queues import Queue as Results

import pytest
from redis import Redis

from nurture.buffers.limiter import LATE_SLOTS, SLOTS, Limiter, window
from nurture.buffers.stream import quick_client


def asking(redis_url: str, rate: float, seconds: float, results: "Results[list[tuple[float, int]]]") -> None:
    """A worker that takes whatever it can get, in portions of its own size."""
    limiter, took = Limiter(Redis.from_url(redis_url)), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        given = limiter.take("google", 7, rate)
        took.append((time.monotonic(), given.count))
        time.sleep(min(given.wait, 0.05))
    results.put([one for one in took if one[1]])


def most_within(took: list[tuple[float, int]], seconds: float) -> int:
    """The most that any window of this length saw, by two fingers."""
    took, best, first, inside = sorted(took), 0, 0, 0
    for at, count in took:
        inside += count
        while at - took[first][0] >= seconds:
            inside -= took[first][1]
            first += 1
        best = max(best, inside)
    return best


@pytest.mark.parametrize("rate", [40.0, 3.0])
def test_several_processes_never_take_more_than_the_rate_in_any_window(
    redis_url: str, redis_client: Redis, rate: float
) -> None:
    context = multiprocessing.get_context("spawn")
    results: Results[list[tuple[float, int]]] = context.Queue()
    workers = [context.Process(target=asking, args=(redis_url, rate, 5.0, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    took = [one for _ in workers for one in results.get(timeout=60)]
    for worker in workers:
        worker.join()
    # An answer may reach a busy worker late; what it was given is meant for the slot it was given in.
    assert most_within(took, 1.0 - 2 / SLOTS) <= rate
    assert sum(count for _, count in took) >= rate


def test_what_comes_as_late_as_it_may_never_meets_what_is_given_next(redis_client: Redis) -> None:
    limiter = Limiter(redis_client)
    first, _ = until_given(limiter)
    _, next_one = until_given(limiter)
    let_out_and_late = (1 + LATE_SLOTS) * window(3.0).slot
    # Counted from before the first was asked for: a busy machine only makes it longer.
    assert next_one - first >= window(3.0).seconds + let_out_and_late


def until_given(limiter: Limiter) -> tuple[float, float]:
    """Between which moments all three of a second were given."""
    while True:
        asked = time.monotonic()
        if limiter.take("google", 3, 3.0).count == 3:
            return asked, time.monotonic()
        time.sleep(0.001)


def test_rates_below_one_a_second_are_one_in_a_longer_time(redis_client: Redis) -> None:
    assert (window(0.5).most, window(0.5).seconds) == (1, 2.0)
    assert Limiter(redis_client).take("slow", 5, 0.5).count == 0  # a counter that is new may have been lost


def test_an_emptied_redis_does_not_give_a_second_helping(redis_client: Redis) -> None:
    limiter = Limiter(redis_client)
    deadline = time.monotonic() + 5
    while not limiter.take("google", 1000, 1000.0).count and time.monotonic() < deadline:
        time.sleep(0.02)
    redis_client.flushall()
    given = limiter.take("google", 1000, 1000.0)
    assert given.count == 0
    assert 0 < given.wait < 2


def test_without_redis_a_process_gives_itself_a_share() -> None:
    limiter = Limiter(quick_client("unix:///nonexistent/redis.sock"))
    took, until = [], time.monotonic() + 2.5
    while time.monotonic() < until:
        given = limiter.take("google", 100, 100.0)
        took.append((time.monotonic(), given.count))
        time.sleep(min(given.wait, 0.05))
    assert 0 < most_within(took, 1.0) <= 25


def test_names_do_not_share_a_rate(redis_client: Redis) -> None:
    limiter = Limiter(redis_client)
    for name in ("one", "two"):
        limiter.take(name, 1, 5.0)
    time.sleep(1.2)
    assert limiter.take("one", 99, 5.0).count == 5
    assert limiter.take("two", 99, 5.0).count == 5
