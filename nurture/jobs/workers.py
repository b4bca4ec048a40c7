"""The worker process: RQ's forking worker on one queue, made quick to stop and hard to upset."""

import logging
import os
import signal
from contextlib import suppress
from types import FrameType
from typing import Any

import psutil
import structlog
from redis import RedisError
from redis.client import Pipeline
from rq import Worker, worker_registration
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from nurture.embedded.addresses import Addresses
from nurture.embedded.privileges import die_with_parent
from nurture.jobs.queues import patient_client, queue
from nurture.rules.queues import MEMORY_FIELD

log = structlog.get_logger()

_MAINTENANCE_SECONDS = 15
_WORKER_TTL = 30  # RQ waits for a job for 15 s less, so that maintenance comes round in time
_HEARTBEAT_SECONDS = 10


class QuickWorker(Worker):
    """Passes the request to stop on to the job, and outlives a Redis that is away for a while."""

    max_connection_wait_time = 5.0

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        # The job ends after its present portion, instead of holding the stop up for a whole turn.
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        # RQ leaves the job running when its worker is killed; here it ends, as at any stop.
        die_with_parent(signal.SIGTERM)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        super().heartbeat(timeout, pipeline)
        # RQ tells its name once. A Redis that was emptied since would not know of a living worker.
        if not self.connection.hexists(self.key, "birth"):
            to = self.connection if pipeline is None else pipeline
            to.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipeline)
        (self.connection if pipeline is None else pipeline).hset(self.key, MEMORY_FIELD, self._memory())

    def _memory(self) -> int:
        """Bytes that this process and its job hold, for the page of jobs. The job is a fork of this process:
        what the two share counts once (proc(5), Pss)."""
        pids = [os.getpid(), *([self.horse_pid] if self.horse_pid else [])]
        held = 0
        for pid in pids:
            with suppress(psutil.Error):  # the job may have ended just now
                held += psutil.Process(pid).memory_full_info().pss
        return held

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as fault:
            # The job works from PostgreSQL: it must not be cut off because Redis went away.
            log.warning("worker.redis_away", error=type(fault).__name__)


def work(name: str, addresses: Addresses) -> None:
    """Serve the queue `name` until SIGTERM or SIGINT, or until RQ gives up on Redis."""
    logging.getLogger("rq").setLevel(logging.WARNING)
    redis = patient_client(addresses.redis_url)
    options: dict[str, Any] = {
        "serializer": JSONSerializer,
        "maintenance_interval": _MAINTENANCE_SECONDS,
        "worker_ttl": _WORKER_TTL,
        "job_monitoring_interval": _HEARTBEAT_SECONDS,
        "log_job_description": False,
    }
    QuickWorker([queue(redis, name)], connection=redis, **options).work(logging_level="WARNING")
