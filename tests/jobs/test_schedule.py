"""The scheduler's list: what is due runs, what fails is tried again, nothing stops the clock."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from redis import Redis

from nurture.flows.import_leads import ImportOptions, begin_import, keep_upload
from nurture.jobs import queues
from nurture.jobs.queues import LONG, PUMP, queue
from nurture.jobs.schedule import (
    Periodic,
    enter_programs_today,
    keep_time,
    look_for_imports,
    make_partitions,
)
from nurture.runtime import Runtime
from tests.clock import StandingClock


def keep(items: list[Periodic], until: Callable[[], bool]) -> None:
    """Keep time until something has happened."""
    stop = threading.Event()
    thread = threading.Thread(target=keep_time, args=(items, stop))
    thread.start()
    latest = time.monotonic() + 20
    while not until() and time.monotonic() < latest:
        time.sleep(0.05)
    stop.set()
    thread.join(5)


def a_long_job(number: int) -> None:
    """Never run here: only its name is queued."""


def test_each_item_runs_at_once_and_then_in_its_time() -> None:
    often: list[int] = []
    seldom: list[int] = []
    items = [
        Periodic("often", 0.5, lambda: often.append(1)),
        Periodic("seldom", 60, lambda: seldom.append(1)),
    ]

    keep(items, until=lambda: len(often) >= 3)

    assert len(often) >= 3
    assert len(seldom) == 1


def test_one_that_fails_is_tried_again_soon_and_holds_nobody_up() -> None:
    tries: list[int] = []
    others: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise ConnectionError("away")

    items = [Periodic("broken", 60, fail), Periodic("fine", 0.5, lambda: others.append(1))]
    keep(items, until=lambda: len(tries) >= 2 and len(others) >= 2)

    assert len(tries) >= 2
    assert len(others) >= 2


def test_only_one_turn_waits_however_often_it_is_offered(redis_client: Redis) -> None:
    assert queues.offer_turn(redis_client)
    assert not queues.offer_turn(redis_client)

    assert queue(redis_client, PUMP).count == 1


def test_a_turn_is_offered_again_after_redis_was_emptied(redis_client: Redis) -> None:
    queues.offer_turn(redis_client)
    redis_client.flushall()

    assert queues.offer_turn(redis_client)


def test_a_turn_waits_with_a_retry_a_timeout_and_an_end_for_its_traces(redis_client: Redis) -> None:
    queues.offer_turn(redis_client)

    [job] = queue(redis_client, PUMP).jobs
    assert job.retries_left == 3
    assert job.timeout == 780
    assert job.result_ttl and job.result_ttl < 3600
    assert job.failure_ttl and job.failure_ttl <= 86400
    assert job.func_name == "nurture.jobs.pump.turn"


def test_a_long_job_about_one_row_is_queued_once(redis_client: Redis) -> None:
    assert queues.start_long(redis_client, a_long_job, 7)
    assert not queues.start_long(redis_client, a_long_job, 7)
    assert queues.start_long(redis_client, a_long_job, 8)

    assert [job.args for job in queue(redis_client, LONG).jobs] == [[7], [8]]


def test_leads_may_enter_by_the_mere_passing_of_time_once_a_day(
    runtime: Runtime, redis_client: Redis, clock: StandingClock
) -> None:
    enter_programs_today(runtime, redis_client)
    enter_programs_today(runtime, redis_client)
    clock.advance(days=1)
    enter_programs_today(runtime, redis_client)

    assert queue(redis_client, LONG).count == 2


def test_an_uploaded_file_that_waits_is_offered_to_the_long_worker(
    runtime: Runtime, redis_client: Redis, tmp_path: Path
) -> None:
    sent = tmp_path / "sent.csv"
    sent.write_text("email\nann@lead.example\n")
    begun = begin_import(runtime.sessions, sent, ImportOptions(), now=runtime.now(), by="test")
    look_for_imports(runtime, redis_client)
    assert queue(redis_client, LONG).count == 0  # typed into a terminal elsewhere: not ours to carry out

    (runtime.settings.home / "uploads").mkdir(parents=True)
    keep_upload(sent, runtime.settings.home, begun)
    look_for_imports(runtime, redis_client)
    look_for_imports(runtime, redis_client)

    [job] = queue(redis_client, LONG).jobs
    assert job.func_name == "nurture.jobs.long.carry_out_imports"


def test_partitions_exist_ahead_of_their_first_row(runtime: Runtime) -> None:
    make_partitions(runtime)
    make_partitions(runtime)  # and a second scheduler does no harm
