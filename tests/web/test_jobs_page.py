"""The page of jobs: what waits, who works, what broke and why, tried again or forgotten."""

import os
import re
import socket

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from nurture.flows.keys import create_key
from nurture.jobs.queues import queue
from nurture.jobs.workers import QuickWorker
from nurture.runtime import Runtime
from nurture.web.queues import why
from tests.web.broken_jobs import breaks
from tests.web.conftest import SignIn, take_redis_away
from tests.web.people import done, post


@pytest.fixture
def redis(redis_client: Redis, redis_url: str) -> Redis:
    return Redis.from_url(redis_url)


@pytest.fixture
def broken(redis: Redis) -> list[str]:
    """Two jobs that have failed in a real worker."""
    long = queue(redis, "long")
    ids = [long.enqueue(breaks, f"anna{n}@weber.example", job_id=f"breaks-{n}").id for n in (1, 2)]
    SimpleWorker([long], connection=redis, serializer=JSONSerializer).work(
        burst=True, logging_level="CRITICAL"
    )
    return ids


@pytest.fixture
def admin(sign_in: SignIn) -> FlaskClient:
    return sign_in("admin")


def test_a_failed_job_says_what_and_why_and_never_an_address(admin: FlaskClient, broken: list[str]) -> None:
    page = admin.get("/settings/jobs").text
    assert page.count("It broke (ValueError)") == 2 and "Breaks" in page
    assert "weber.example" not in page and "cannot be read" not in page


def test_a_failed_job_is_tried_again_or_forgotten(
    admin: FlaskClient, broken: list[str], redis: Redis, runtime: Runtime
) -> None:
    assert post(admin, "/settings/jobs/breaks-1/retry").status_code == 302
    assert queue(redis, "long").get_job_ids() == ["breaks-1"]
    assert post(admin, "/settings/jobs/breaks-2/discard").status_code == 302
    assert queue(redis, "long").failed_job_registry.get_job_ids() == []
    assert post(admin, "/settings/jobs/breaks-2/retry").status_code == 404
    assert done(runtime, "job") == [
        ("user:1", "job.retried", "job:breaks-1"),
        ("user:1", "job.discarded", "job:breaks-2"),
    ]


def test_all_of_them_at_once(admin: FlaskClient, broken: list[str], redis: Redis) -> None:
    post(admin, "/settings/jobs/retry")
    assert sorted(queue(redis, "long").get_job_ids()) == broken
    SimpleWorker([queue(redis, "long")], connection=redis, serializer=JSONSerializer).work(
        burst=True, logging_level="CRITICAL"
    )
    post(admin, "/settings/jobs/discard")
    assert "It broke" not in admin.get("/settings/jobs").text


def test_a_living_worker_is_shown_with_its_host_and_what_it_holds(admin: FlaskClient, redis: Redis) -> None:
    assert "No worker runs" in admin.get("/settings/jobs").text
    worker = QuickWorker([queue(redis, "pump")], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    worker.heartbeat()
    page = admin.get("/settings/jobs").text
    assert socket.gethostname() in page and f"<code>{os.getpid()}</code>" in page
    megabytes = re.search(r"(\d+) MB", page)
    assert megabytes and int(megabytes[1]) > 20
    worker.register_death()
    assert "No worker runs" in admin.get("/settings/jobs").text


def test_the_page_opens_while_redis_is_away_and_says_so(admin: FlaskClient, runtime: Runtime) -> None:
    take_redis_away(runtime)
    page = admin.get("/settings/jobs")
    assert page.status_code == 200 and "Redis does not answer" in page.text
    assert post(admin, "/settings/jobs/retry").status_code == 503
    assert done(runtime, "job") == [], "what was not done is not written down"


def test_the_api_tells_the_same(app: Flask, broken: list[str], redis: Redis, runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        key = create_key(session, "Watch", "admin", now=runtime.now())
    client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    state = client.get("/api/v1/jobs", headers=headers).json
    assert [(one["name"], one["failed"]) for one in state["queues"]] == [("pump", 0), ("long", 2)]
    assert state["work"]["steps_due"] == 0 and state["workers"] == []
    failed = client.get("/api/v1/jobs/failed", headers=headers)
    assert sorted(one["id"] for one in failed.json["data"]) == broken and "weber" not in failed.text
    assert client.post("/api/v1/jobs/failed/breaks-1/retry", headers=headers).status_code == 204
    assert client.delete("/api/v1/jobs/failed", headers=headers).json == {"jobs": 1}
    assert client.delete("/api/v1/jobs/failed/breaks-2", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            "Traceback\nsqlalchemy.exc.OperationalError: (x) anna@weber.example",
            "The database did not answer.",
        ),
        ("Work-horse terminated unexpectedly; waitpid returned 9 (signal 9);", "Its process was killed"),
        ("rq.timeouts.JobTimeoutException: Task exceeded maximum timeout value", "longer than it may"),
        ("", "the log of the worker tells where"),
    ],
)
def test_every_failure_has_its_sentence(app: Flask, told: str, words: str) -> None:
    with app.test_request_context():
        assert words in why(told) and "@" not in why(told)
