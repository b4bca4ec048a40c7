"""What an operator's Prometheus reads."""

from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rq import Worker
from sqlalchemy import text

from nurture.embedded.dump import dump
from nurture.flows.back_up import back_up
from nurture.jobs import queues
from nurture.runtime import Runtime
from tests.clock import StandingClock
from tests.statements import watched
from tests.web.conftest import SignIn


def scraped(visitor: FlaskClient) -> dict[tuple[str, ...], float]:
    """Values by name and labels."""
    answer = visitor.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_everything_an_operator_watches_is_there_from_the_first_day(visitor: FlaskClient) -> None:
    found = scraped(visitor)
    for name in (
        ("nurture_sending_stopped",),
        ("nurture_live",),
        ("nurture_deliveries_due",),
        ("nurture_steps_due",),
        ("nurture_lag_seconds", "deliveries"),
        ("nurture_mails_total", "sent"),
        ("nurture_mails_total", "failed"),
        ("nurture_hits_of_5_minutes", "click", "human"),
        ("nurture_webhook_endpoints_failing",),
        ("nurture_workers", "pump"),
        ("nurture_workers", "long"),
        ("nurture_partitions_ahead",),
        ("nurture_rows_outside_their_month", "signal"),
        ("nurture_last_backup_timestamp_seconds",),
        ("nurture_hits_unrecorded",),
        ("nurture_redis_up",),
    ):
        assert name in found, name
    assert found["nurture_partitions_ahead",] == 3
    assert found["nurture_last_backup_timestamp_seconds",] == 0


def test_living_workers_are_counted(visitor: FlaskClient, redis_client: Redis) -> None:
    worker = Worker([queues.queue(redis_client, "pump")], connection=redis_client)
    worker.register_birth()
    assert scraped(visitor)["nurture_workers", "pump"] == 1
    worker.register_death()
    assert scraped(visitor)["nurture_workers", "pump"] == 0


def test_a_backup_that_was_made_is_told(
    visitor: FlaskClient, runtime: Runtime, clock: StandingClock, tmp_path: Path
) -> None:
    back_up(
        runtime.sessions,
        lambda snapshot: dump(runtime.addresses.database_url, snapshot),
        tmp_path / "one.backup",
        pepper=runtime.pepper,
        ring=runtime.ring,
        with_keys=True,
        by="test",
        now=clock.now,
    )
    clock.advance(hours=3)
    made = scraped(visitor)["nurture_last_backup_timestamp_seconds",]
    assert made == (clock.now - timedelta(hours=3)).timestamp()


def test_redis_away_hides_only_what_redis_knows(visitor: FlaskClient, runtime: Runtime) -> None:
    pool = runtime.redis.connection_pool
    nowhere = {"path": "/nowhere/redis.sock", "host": "127.0.0.1", "port": 1}
    known = pool.connection_kwargs
    known.update({name: value for name, value in nowhere.items() if name in known})
    pool.disconnect()
    found = scraped(visitor)
    assert found["nurture_redis_up",] == 0
    assert ("nurture_deliveries_due",) in found and ("nurture_workers", "pump") not in found


def test_labels_and_statements_do_not_grow_with_what_people_make(
    visitor: FlaskClient, sign_in: SignIn, runtime: Runtime
) -> None:
    def cost() -> tuple[int, int]:
        seen = watched(runtime.engine)
        return len(scraped(visitor)), len(list(seen))

    before = cost()
    with runtime.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO webhook_endpoint (url, types, secrets, created_at, failing_since)"
                " SELECT 'https://hook-' || n || '.example/', '{}', '{}', now(), now()"
                " FROM generate_series(1, 40) AS n"
            )
        )
    assert cost() == before
