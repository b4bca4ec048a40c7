"""Health for machines: alive, ready, and what Prometheus scrapes."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from nurture.files.spool import folder_of, refusal
from nurture.migrations import at_head
from nurture.store.views.lag import lag
from nurture.store.views.reading import AWAY, reading
from nurture.web import metrics as metrics_
from nurture.web.request import now, runtime

pages = Blueprint("health", __name__)
log = structlog.get_logger()
# Work that has been due for longer than this means that no worker serves it.
_LATE = timedelta(minutes=15)


@pages.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when every part that pages and sending need is there, 503 with the parts that are not."""
    parts = {name: _say(check) for name, check in _CHECKS.items()}
    fine = all(sentence == "ok" for sentence in parts.values())
    return jsonify(status="ok" if fine else "not ready", parts=parts), 200 if fine else 503


@pages.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Gauges in Prometheus' text format; counted once, however many processes serve."""
    return Response(metrics_.page(runtime()), content_type=CONTENT_TYPE_LATEST)


def _say(check: Callable[[], str]) -> str:
    try:
        return check()
    except (*AWAY, RedisError) as fault:
        log.warning("ready.part_away", kind=type(fault).__name__)
        return "does not answer"


def _database() -> str:
    with reading(runtime().sessions) as session:
        session.connection()
    return "ok"


def _redis() -> str:
    runtime().redis.ping()
    return "ok"


def _migrations() -> str:
    with reading(runtime().sessions) as session:
        return (
            "ok"
            if at_head(session.connection())
            else "not at the schema of this version: run nurture migrate"
        )


def _queue_lag() -> str:
    with reading(runtime().sessions) as session:
        if not at_head(session.connection()):
            return "not known before the migrations"
        behind = lag(session, now=now())
    seconds = int(behind.longest.total_seconds())
    return (
        "ok"
        if behind.longest < _LATE
        else f"the oldest due work has waited {seconds} s: are workers running?"
    )


def _spool() -> str:
    why = refusal(folder_of(runtime().settings.home))
    return "ok" if why is None else f"opens and clicks cannot be written down here: {why}"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _redis,
    "migrations": _migrations,
    "queue_lag": _queue_lag,
    "spool": _spool,
}
