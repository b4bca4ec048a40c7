"""A turn of the pump: fair, quick to hear, hard to upset."""

import threading
import time
from datetime import datetime

import pytest
from rq.timeouts import JobTimeoutException

from nurture.jobs.pump import pump
from nurture.jobs.streams import Stream
from tests.conftest import TUESDAY


class Work:
    """A stream with so many portions to do."""

    def __init__(self, name: str, portions: int, *, seconds: float = 0.0) -> None:
        self.name = name
        self.left = portions
        self.seconds = seconds
        self.calls: list[float] = []

    def serve(self, now: datetime) -> int:
        self.calls.append(time.monotonic())
        if not self.left:
            return 0
        time.sleep(self.seconds)
        self.left -= 1
        return 1

    @property
    def stream(self) -> Stream:
        return Stream(self.name, self.serve)


def run(*work: Work | Stream, seconds: float = 1.0, stop: threading.Event | None = None) -> int:
    streams = [one.stream if isinstance(one, Work) else one for one in work]
    return pump(streams, lambda: TUESDAY, time.sleep, stop or threading.Event(), seconds=seconds)


def test_everything_due_is_done() -> None:
    advance, deliver = Work("advance", 30), Work("deliver", 20)

    assert run(advance, deliver, seconds=0.3) == 50
    assert advance.left == deliver.left == 0


def test_a_stream_with_much_to_do_does_not_hold_up_the_others() -> None:
    deliver, record = Work("deliver", 10_000, seconds=0.02), Work("record", 1)

    run(deliver, record, seconds=0.5)

    assert record.left == 0
    assert len([call for call in deliver.calls if call < record.calls[0]]) < 20


def test_a_stream_that_fails_rests_while_the_others_go_on() -> None:
    attempts = []

    def fail(now: datetime) -> int:
        attempts.append(now)
        raise ValueError("broken")

    deliver = Work("deliver", 100, seconds=0.005)

    run(Stream("rate", fail), deliver, seconds=0.9)

    assert deliver.left < 100
    assert len(attempts) == 1


def test_the_end_of_the_turns_time_is_not_taken_for_a_fault() -> None:
    def too_long(now: datetime) -> int:
        raise JobTimeoutException("Task exceeded maximum timeout value")

    with pytest.raises(JobTimeoutException):
        run(Stream("deliver", too_long))


def test_an_interrupt_passes_through() -> None:
    def interrupted(now: datetime) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Stream("deliver", interrupted))


def test_a_wish_to_stop_ends_the_turn_after_the_present_portion() -> None:
    stop, portions = threading.Event(), []

    def serve(now: datetime) -> int:
        portions.append(now)
        if len(portions) == 3:
            stop.set()
        return 1

    assert run(Stream("deliver", serve), Work("advance", 5), seconds=30, stop=stop) == 3


def test_with_mails_on_their_way_it_looks_again_at_once() -> None:
    waits: list[float] = []
    stop = threading.Event()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            stop.set()

    nothing = Work("deliver", 0).stream
    pump([nothing], lambda: TUESDAY, wait, stop, seconds=60, moving=lambda: not waits)

    moving, idle = waits
    assert moving < 0.1 < idle


def test_an_idle_pump_costs_next_to_nothing() -> None:
    idle, waits, stop = Work("advance", 0), [], threading.Event()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            stop.set()

    pump([idle.stream], lambda: TUESDAY, wait, stop, seconds=60)

    assert len(idle.calls) == len(waits)  # each look is followed by a rest
    assert min(waits) >= 0.25
