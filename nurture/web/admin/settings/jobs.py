"""Settings: the queues, who serves them, what waits, and what broke."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from nurture.buffers.stream import HitStream
from nurture.errors import Unavailable
from nurture.rules.words import _, ngettext
from nurture.store.audit import audit
from nurture.store.views.lag import gauges, lag
from nurture.web import queues
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("jobs", __name__, url_prefix="/settings/jobs")


@pages.get("")
def index() -> ResponseReturnValue:
    session = page_session()
    return render_template(
        "admin/settings/jobs.html",
        seen=_seen(),
        work=gauges(session, now=now()),
        behind=lag(session, now=now()),
    )


@pages.post("/<job_id>/retry")
def retry(job_id: str) -> ResponseReturnValue:
    return _done(
        "job.retried", job_id, lambda: queues.retry(runtime().redis, job_id), _("It is tried again.")
    )


@pages.post("/<job_id>/discard")
def discard(job_id: str) -> ResponseReturnValue:
    return _done(
        "job.discarded", job_id, lambda: queues.discard(runtime().redis, job_id), _("It is forgotten.")
    )


@pages.post("/retry")
def retry_all() -> ResponseReturnValue:
    return _all("job.retried", lambda: queues.retry_all(runtime().redis))


@pages.post("/discard")
def discard_all() -> ResponseReturnValue:
    return _all("job.discarded", lambda: queues.discard_all(runtime().redis))


def _seen() -> dict[str, object] | None:
    """What Redis tells; None while it is away."""
    redis = runtime().redis
    try:
        workers = queues.workers(redis)
        return {
            "workers": workers,
            "queues": queues.states(redis, workers),
            "failed": queues.failed(redis),
            "hits": HitStream(redis).length(),
        }
    except RedisError:
        return None


def _all(action: str, act: Callable[[], int]) -> ResponseReturnValue:
    counted: list[int] = []
    answer = _done(action, "all", lambda: counted.append(act()), "")
    flash(ngettext("%s job.", "%s jobs.", counted[0]) % counted[0])
    return answer


def _done(action: str, job_id: str, act: Callable[[], object], sentence: str) -> ResponseReturnValue:
    """The line goes in first and stays only when Redis has done it."""
    try:
        with runtime().sessions.begin() as session:
            audit(session, signed_in().actor, action, f"job:{job_id}", now=now())
            act()
    except RedisError as fault:
        raise Unavailable(_("Redis does not answer: nothing was done. Try again in a minute.")) from fault
    if sentence:
        flash(sentence)
    return redirect(url_for("jobs.index"))
