"""`nurture worker` and `nurture scheduler`: one process each, as `up` starts them."""

import signal
import threading

import click

from nurture.cli.frame import attended
from nurture.config import load_settings
from nurture.jobs import queues, schedule, workers
from nurture.runtime import opened


@click.command()
@click.argument("queue", type=click.Choice(queues.NAMES))
def worker(queue: str) -> None:
    """Work on one queue: pump (everything that is due) or long (imports)."""
    with attended(load_settings()) as addresses:
        workers.work(queue, addresses)


@click.command()
def scheduler() -> None:
    """See to it that what has to happen from time to time does."""
    stop = threading.Event()
    for sort in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sort, lambda number, frame: stop.set())
    with opened() as runtime:
        redis = queues.patient_client(runtime.addresses.redis_url)
        schedule.keep_time(schedule.periodic(runtime, redis), stop)
