"""The two queues. A worker process listens on one of them: on two, RQ loses a job for good when the
worker dies between taking and starting it.

A job carries no work, only the word that it is time to look: the work is rows in PostgreSQL.
"""

from collections.abc import Callable

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry as Reconnect
from rq import Queue, Retry, Worker
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from nurture.rules.queues import LONG as LONG
from nurture.rules.queues import NAMES as NAMES
from nurture.rules.queues import PUMP as PUMP

TICK_SECONDS = 5
_TURN = "nurture.jobs.pump.turn"
_TURN_TIMEOUT = 780  # most of a minute, and eleven more while a mail server owes an answer
_LONG_TIMEOUT = 6 * 3600
_RESULT_TTL = 60
_LONG_KEPT = 3 * 24 * 3600
_FAILURE_TTL = 24 * 3600


def queue(redis: Redis, name: str) -> Queue:
    """A queue whose jobs are JSON: with pickle, whoever writes to Redis would run code here."""
    return Queue(name, connection=redis, serializer=JSONSerializer)


def offer_turn(redis: Redis) -> bool:
    """Have one turn of the pump wait in the queue; False when one waits already.

    The id holds the tick, so that several schedulers offer it once. It is not one id for ever: the turn
    of a killed worker would then keep the next one out until RQ notices the death.
    """
    pumps = queue(redis, PUMP)
    if pumps.count:
        return False
    return _once(pumps, _TURN, f"pump-{_seconds(redis) // TICK_SECONDS}", _TURN_TIMEOUT)


def offer_long(redis: Redis, job: Callable[[], object]) -> bool:
    """Have a long job wait in the queue; False when one waits already."""
    waiting = queue(redis, LONG)
    if waiting.count:
        return False
    return _once(waiting, _name(job), f"{job.__name__}-{_seconds(redis) // TICK_SECONDS}", _LONG_TIMEOUT)


def start_long(redis: Redis, job: Callable[[int], object], number: int) -> bool:
    """Queue a long job about `number`; False when it was queued within the last days."""
    where, name = queue(redis, LONG), f"{job.__name__}-{number}"
    return _once(where, _name(job), name, _LONG_TIMEOUT, number, kept=_LONG_KEPT)


def workers(redis: Redis, name: str) -> int:
    """How many worker processes serve a queue now, on all hosts."""
    return len(Worker.all(queue=queue(redis, name)))


def patient_client(redis_url: str) -> Redis:
    """A client that may wait for an answer for a while, for workers and the scheduler."""
    return Redis.from_url(
        redis_url, socket_timeout=10, socket_connect_timeout=2, retry=Reconnect(NoBackoff(), 0)
    )


def _once(where: Queue, job: str, name: str, timeout: int, *arguments: int, kept: int = _RESULT_TTL) -> bool:
    try:
        where.enqueue(
            job,
            *arguments,
            job_id=name,
            unique=True,
            retry=Retry(max=3),
            job_timeout=timeout,
            result_ttl=kept,
            failure_ttl=_FAILURE_TTL,
        )
    except DuplicateJobError:
        return False
    return True


def _name(job: Callable[..., object]) -> str:
    return f"{job.__module__}.{job.__qualname__}"


def _seconds(redis: Redis) -> int:
    """The clock of Redis, which all hosts share."""
    return int(redis.time()[0])
