"""Real servers for every test: PostgreSQL and Redis from their wheels, SMTP and HTTP on loopback."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from nurture.embedded.throwaway import Throwaway, throwaway
from nurture.migrations import upgrade
from nurture.store import partitions
from tests.clock import StandingClock
from tests.sinks import SmtpSink, WebhookSink

# A Tuesday, ten in the morning in UTC: inside every window of the sample programs.
TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def servers() -> Iterator[Throwaway]:
    with tempfile.TemporaryDirectory(prefix="nurture-tests-") as folder, throwaway(Path(folder)) as pair:
        yield pair


@pytest.fixture(scope="session")
def template(servers: Throwaway) -> str:
    """A migrated database that each test gets a copy of."""
    _administer(servers, "CREATE DATABASE template_nurture")
    engine = create_engine(_database(servers, "template_nurture"))
    upgrade(engine)
    with Session(engine) as session, session.begin():
        partitions.ensure(session, now=TUESDAY)
    engine.dispose()
    return "template_nurture"


@pytest.fixture
def database_url(servers: Throwaway, template: str) -> Iterator[str]:
    _administer(servers, f"CREATE DATABASE test TEMPLATE {template}")
    yield _database(servers, "test")
    _administer(servers, "DROP DATABASE test WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def db(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        yield session


@pytest.fixture
def redis_url(servers: Throwaway) -> str:
    return servers.redis_url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[Redis]:
    client = Redis.from_url(redis_url)
    client.flushall()
    yield client
    client.flushall()
    client.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(TUESDAY)


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def webhook_sink() -> Iterator[WebhookSink]:
    with WebhookSink() as sink:
        yield sink


def _administer(servers: Throwaway, statement: str) -> None:
    engine = create_engine(_database(servers, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _database(servers: Throwaway, name: str) -> str:
    return make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
