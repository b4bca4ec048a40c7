"""Real workers in processes of their own: quick, killable, at peace with a Redis that comes and goes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from nurture import migrations
from nurture.config import load_settings
from nurture.embedded import processes
from nurture.embedded.throwaway import Throwaway, throwaway
from nurture.flows.endpoints import Receiver, create_endpoint
from nurture.jobs import queues
from nurture.jobs.pump import TURN_SECONDS
from nurture.runtime import Runtime, build
from nurture.store.webhooks import write_message
from tests.sinks import WebhookSink

pytestmark = pytest.mark.xdist_group("embedded")

ROOT = Path(__file__).resolve().parents[2]


class Plant:
    """Servers, a worker and a scheduler of their own, and a receiver that shows what they did."""

    def __init__(self, folder: Path, servers: Throwaway, sink: WebhookSink) -> None:
        self.servers, self.sink = servers, sink
        self.env = {
            "NURTURE_HOME": str(folder / "home"),
            "NURTURE_DATABASE_URL": servers.database_url,
            "NURTURE_REDIS_URL": servers.redis_url,
            "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
        }
        self.runtime: Runtime = build(load_settings(self.env), servers.addresses)
        self.started: list[subprocess.Popen[bytes]] = []
        self.written = 0

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "nurture", *words],
            env={**os.environ, **self.env},
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def listen(self) -> None:
        with self.runtime.sessions.begin() as session:
            create_endpoint(
                session,
                self.runtime.vault,
                Receiver(self.sink.url),
                private=True,
                by="test",
                now=self.runtime.now(),
            )

    def happen(self) -> None:
        """Something that a pump has to tell the receiver."""
        self.written += 1
        with self.runtime.sessions.begin() as session:
            key = f"happening {self.written}"
            write_message(session, "lead.hot", {}, lead_id=None, dedup_key=key, now=self.runtime.now())
        self.runtime.wake("post_webhooks")

    def told(self, patience: float = 20) -> None:
        """Wait until the receiver has heard of everything that happened."""
        wait(lambda: len(self.sink.posts) >= self.written, patience)

    def end(self) -> None:
        for process in self.started:
            for pid in processes.of_session(process.pid):
                processes.send(pid, signal.SIGKILL)
            process.wait(10)
        self.runtime.close()


def wait(true: Callable[[], bool], patience: float) -> None:
    until = time.monotonic() + patience
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def plant(tmp_path: Path, webhook_sink: WebhookSink) -> Iterator[Plant]:
    with throwaway(tmp_path / "servers") as servers:
        engine = create_engine(servers.database_url)
        migrations.upgrade(engine)
        engine.dispose()
        one = Plant(tmp_path, servers, webhook_sink)
        one.listen()
        yield one
        one.end()


def test_each_wake_up_is_answered_once(plant: Plant) -> None:
    plant.start("scheduler")
    plant.start("worker", "pump")
    plant.happen()
    for _ in range(6):
        plant.happen()
        plant.told()
    assert len(plant.sink.posts) == plant.written


def test_a_worker_ends_soon_in_the_middle_of_a_turn(plant: Plant) -> None:
    plant.start("scheduler")
    worker = plant.start("worker", "pump")
    plant.happen()
    plant.told()

    worker.send_signal(signal.SIGTERM)
    worker.wait(TURN_SECONDS / 2)

    assert processes.of_session(worker.pid) == []


def test_a_killed_worker_loses_nothing_and_leaves_no_turn_behind(plant: Plant) -> None:
    plant.start("scheduler")
    worker = plant.start("worker", "pump")
    plant.happen()
    plant.told()

    worker.kill()
    worker.wait(10)
    wait(lambda: not processes.of_session(worker.pid), 10)  # the forked turn has noticed
    plant.happen()
    plant.start("worker", "pump")

    plant.told()
    assert len(plant.sink.posts) == plant.written


def test_work_goes_on_after_redis_was_emptied(plant: Plant) -> None:
    plant.start("scheduler")
    plant.start("worker", "pump")
    plant.happen()
    plant.told()

    plant.runtime.redis.flushall()
    plant.happen()
    plant.told()

    # A worker that comes after the loss finds its turn offered anew.
    for process in processes.of_session(plant.started[1].pid):
        processes.send(process, signal.SIGKILL)
    plant.runtime.redis.flushall()
    plant.start("worker", "pump")
    plant.happen()
    plant.told()


def test_an_emptied_redis_soon_knows_its_workers_again(plant: Plant) -> None:
    plant.start("scheduler")
    plant.start("worker", "pump")
    plant.happen()
    plant.told()
    assert queues.workers(plant.runtime.redis, queues.PUMP) == 1

    plant.runtime.redis.flushall()

    wait(lambda: queues.workers(plant.runtime.redis, queues.PUMP) == 1, 20)


def test_work_goes_on_while_redis_is_away_and_after_it_came_back(plant: Plant) -> None:
    plant.start("scheduler")
    worker = plant.start("worker", "pump")
    plant.happen()
    plant.told()

    plant.servers.redis.stop()
    plant.happen()
    plant.told()  # the turn under way needs no Redis
    assert worker.poll() is None

    plant.servers.redis.ensure()
    plant.happen()
    plant.told()
