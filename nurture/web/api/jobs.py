"""/jobs: the queues, who serves them, what waits, and what broke."""

from collections.abc import Callable
from typing import Any, TypeVar

from redis.exceptions import RedisError

from nurture.buffers.stream import HitStream
from nurture.errors import Unavailable
from nurture.rules.words import _
from nurture.store.audit import audit
from nurture.store.views.lag import gauges, lag
from nurture.web import queues
from nurture.web.api import door
from nurture.web.api.plain import plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.jobs import FailedOut, JobsOut, ManyOut
from nurture.web.request import now, page_session, runtime

part = door.Part("jobs", "Queues, workers and failed jobs.")
Done = TypeVar("Done")


@part.route("/jobs", methods=["GET"])
@part.response(200, JobsOut)
def state() -> dict[str, Any]:
    """How the work stands."""
    session, redis = page_session(), runtime().redis
    workers = _asked(lambda: queues.workers(redis))
    return {
        "workers": [plain(vars(one)) for one in workers],
        "queues": [plain(vars(one)) for one in _asked(lambda: queues.states(redis, workers))],
        "work": gauges(session, now=now()),
        "oldest_s": {name: late.total_seconds() for name, late in vars(lag(session, now=now())).items()},
        "hits_waiting": _asked(HitStream(redis).length),
    }


@part.route("/jobs/failed", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(FailedOut))
def list_failed(asked: dict[str, Any]) -> dict[str, Any]:
    """The newest failed jobs, newest first: all that are kept, on one page."""
    door.place_of(asked["cursor"], ())
    found = _asked(lambda: queues.failed(runtime().redis))[: asked["limit"]]
    return {"data": [plain(vars(one)) for one in found], "next_cursor": None}


@part.route("/jobs/failed/retry", methods=["POST"])
@part.response(200, ManyOut)
def retry_all() -> dict[str, int]:
    """Have every failed job tried again."""
    return {"jobs": _noted("job.retried", "all", lambda: queues.retry_all(runtime().redis))}


@part.route("/jobs/failed", methods=["DELETE"])
@part.response(200, ManyOut)
def discard_all() -> dict[str, int]:
    """Forget every failed job; the work itself is kept in the database."""
    return {"jobs": _noted("job.discarded", "all", lambda: queues.discard_all(runtime().redis))}


@part.route("/jobs/failed/<job_id>/retry", methods=["POST"])
@part.response(204)
def retry(job_id: str) -> None:
    """Have one failed job tried again."""
    _noted("job.retried", job_id, lambda: queues.retry(runtime().redis, job_id))


@part.route("/jobs/failed/<job_id>", methods=["DELETE"])
@part.response(204)
def discard(job_id: str) -> None:
    """Forget one failed job."""
    _noted("job.discarded", job_id, lambda: queues.discard(runtime().redis, job_id))


def _noted(action: str, job_id: str, act: Callable[[], Done]) -> Done:
    with runtime().sessions.begin() as session:
        audit(session, door.actor(), action, f"job:{job_id}", now=now())
        return _asked(act)


def _asked(ask: Callable[[], Done]) -> Done:
    try:
        return ask()
    except RedisError as fault:
        raise Unavailable(_("Redis does not answer. Nothing is lost; try again in a minute.")) from fault
