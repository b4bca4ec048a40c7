"""The queues and their workers as Redis knows them, for the page and the API. Each call may raise RedisError.

What a failed job said is never shown: messages and values may hold addresses. Its kind is enough to tell
in plain words what happened; the rest is in the log.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from redis import Redis
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from nurture.errors import NotFound
from nurture.rules.queues import MEMORY_FIELD, NAMES
from nurture.rules.words import _

_MOST_FAILED = 200
# gettext reads these marks; the words themselves are looked up at each request.
_N = str
_WHY = {
    "OperationalError": _N("The database did not answer."),
    "InterfaceError": _N("The database did not answer."),
    "ConnectionError": _N("A server did not answer."),
    "TimeoutError": _N("A server did not answer in time."),
    "JobTimeoutException": _N("It took longer than it may."),
    "AbandonedJobError": _N("Its worker was gone before it was done."),
    "MemoryError": _N("The machine had no memory left."),
    "Unavailable": _N("A part that it needs was away."),
    "SettingsFault": _N("A setting is wrong; nurture doctor says which."),
    "OSError": _N("A file could not be read or written."),
}
_JOBS = {
    "turn": _N("A turn of the pump"),
    "carry_out_imports": _N("Imports"),
    "enter_programs": _N("Who enters programs today"),
    "enter_on_dates": _N("Who enters programs by a date"),
    "read_bounce_mailbox": _N("The mailbox of bounces"),
}


@dataclass(frozen=True)
class QueueState:
    """One queue: how many jobs wait, since when the oldest, how many failed, how many workers serve it."""

    name: str
    waiting: int
    oldest: datetime | None
    failed: int
    workers: int


@dataclass(frozen=True)
class WorkerState:
    """One worker process. `memory` in bytes, its job's included; `job` in words, "" while idle."""

    name: str
    queue: str
    host: str
    pid: int | None
    job: str
    since: datetime | None
    heard: datetime | None
    memory: int | None
    done: int


@dataclass(frozen=True)
class FailedJob:
    """A job that broke: what it was, when, and why in plain words."""

    id: str
    queue: str
    job: str
    at: datetime | None
    why: str


def states(redis: Redis, workers: list[WorkerState]) -> list[QueueState]:
    """The two queues."""
    return [_state(_queue(redis, name), sum(one.queue == name for one in workers)) for name in NAMES]


def workers(redis: Redis) -> list[WorkerState]:
    """Those that were heard lately, by queue and host."""
    found = [_worker(redis, one) for one in Worker.all(connection=redis, serializer=JSONSerializer)]
    return sorted(found, key=lambda one: (one.queue, one.host, one.pid or 0))


def failed(redis: Redis) -> list[FailedJob]:
    """The newest failed jobs of both queues, newest first."""
    found = [_failed(job) for name in NAMES for job in _jobs(redis, name)]
    return sorted(found, key=lambda one: one.at or datetime.min.replace(tzinfo=UTC), reverse=True)


def retry(redis: Redis, job_id: str) -> None:
    """Have a failed job tried again. Raises NotFound."""
    registry = _registry_of(redis, job_id)
    try:
        registry.requeue(job_id)
    except (InvalidJobOperation, NoSuchJobError) as fault:
        raise NotFound(_("There is no such failed job.")) from fault


def discard(redis: Redis, job_id: str) -> None:
    """Forget a failed job. Raises NotFound."""
    _registry_of(redis, job_id).remove(job_id, delete_job=True)


def retry_all(redis: Redis) -> int:
    """Have every failed job tried again; how many."""
    ids = [one.id for one in failed(redis)]
    for job_id in ids:
        retry(redis, job_id)
    return len(ids)


def discard_all(redis: Redis) -> int:
    """Forget every failed job; how many."""
    ids = [one.id for one in failed(redis)]
    for job_id in ids:
        discard(redis, job_id)
    return len(ids)


def _queue(redis: Redis, name: str) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer)


def _registry(redis: Redis, name: str) -> FailedJobRegistry:
    return FailedJobRegistry(name, connection=redis, serializer=JSONSerializer)


def _registry_of(redis: Redis, job_id: str) -> FailedJobRegistry:
    for name in NAMES:
        registry = _registry(redis, name)
        if redis.zscore(registry.key, job_id) is not None:
            return registry
    raise NotFound(_("There is no such failed job."))


def _state(queue: Queue, workers: int) -> QueueState:
    ids = queue.get_job_ids(0, 1)
    first = next(iter(_fetched(queue.connection, ids)), None)
    oldest = _utc(first.enqueued_at) if first else None
    return QueueState(queue.name, queue.count, oldest, _registry(queue.connection, queue.name).count, workers)


def _worker(redis: Redis, one: BaseWorker) -> WorkerState:
    memory = redis.hget(one.key, MEMORY_FIELD)
    job = one.get_current_job()
    return WorkerState(
        name=one.name,
        queue=next(iter(one.queue_names()), ""),
        host=one.hostname or "",
        pid=one.pid,
        job=job_words(job.func_name) if job else "",
        since=_utc(job.started_at) if job else None,
        heard=_utc(one.last_heartbeat),
        memory=int(memory) if memory else None,
        done=one.successful_job_count,
    )


def _jobs(redis: Redis, name: str) -> Iterator[Job]:
    ids = _registry(redis, name).get_job_ids(-_MOST_FAILED, -1)
    return _fetched(redis, ids)


def _fetched(redis: Redis, ids: list[str]) -> Iterator[Job]:
    return (job for job in Job.fetch_many(ids, connection=redis, serializer=JSONSerializer) if job)


def _failed(job: Job) -> FailedJob:
    result = job.latest_result()
    told = (result.exc_string if result else "") or ""
    return FailedJob(
        job.id, job.origin, job_words(job.func_name), _utc(job.ended_at or job.enqueued_at), why(told)
    )


def job_words(function: str | None) -> str:
    """What a job is, in words."""
    name = (function or "").rpartition(".")[2]
    return _(_JOBS[name]) if name in _JOBS else name.replace("_", " ").capitalize()


def why(told: str) -> str:
    """Why it broke, in words, from what the worker noted of it; nothing of the message itself."""
    if "Work-horse terminated unexpectedly" in told or "work-horse" in told.lower():
        return _("Its process was killed; perhaps the machine had no memory left.")
    last = told.strip().rpartition("\n")[2]
    kind = last.partition(":")[0].rpartition(".")[2].strip()
    if kind in _WHY:
        return _(_WHY[kind])
    if kind.isidentifier():
        return _("It broke (%s); the log of the worker tells where.") % kind
    return _("It broke; the log of the worker tells where.")


def _utc(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)
