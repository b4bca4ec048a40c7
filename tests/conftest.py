"""Real servers for every test: PostgreSQL and Redis from their wheels, SMTP and HTTP on loopback."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from redis import Redis
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from nurture.config import Settings, load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import Throwaway, throwaway
from nurture.flows import passwords
from nurture.migrations import upgrade
from nurture.runtime import Runtime, build, make_engine
from nurture.store import partitions
from tests.clock import StandingClock
from tests.sinks import SmtpSink, WebhookSink

# A Tuesday, ten in the morning in UTC: inside every window of the sample programs.
TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


# Copying a database means a thousand small files; where memory is plentiful they are kept there.
_MEMORY, _PLENTY = Path("/dev/shm"), 8 * 2**30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--lives", type=int, default=10, help="random lives in chains; more than 10 are new each time"
    )


@pytest.fixture(scope="session", autouse=True)
def products_hasher() -> Iterator[PasswordHasher]:
    """What passwords are hashed with in the product: a tenth of a second each, on purpose. The tests hash as
    argon2id too, only quickly."""
    real, passwords.HASHER = passwords.HASHER, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield real
    passwords.HASHER = real


@pytest.fixture(scope="session")
def servers() -> Iterator[Throwaway]:
    with (
        tempfile.TemporaryDirectory(prefix="nurture-tests-", dir=_room()) as folder,
        throwaway(Path(folder)) as pair,
    ):
        yield pair
        _desk(_database(pair, "postgres")).close()


def _room() -> Path | None:
    """Where the servers keep their files; None for the usual place."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _PLENTY else None


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
    yield copied(servers, template, "test")
    dropped(servers, "test")


def copied(servers: Throwaway, template: str, name: str) -> str:
    """The address of a new database that is as `template`."""
    _administer(servers, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return _database(servers, name)


def dropped(servers: Throwaway, name: str) -> None:
    _administer(servers, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = seasoned("of the test", database_url)
    yield engine
    engine.dispose()


@cache
def _kept(whose: str, database_url: str) -> Engine:
    return make_engine(database_url, pool=8)


def seasoned(whose: str, database_url: str) -> Engine:
    """An engine with no connections and no listeners, that knows how to say what was said before: putting a
    statement into words takes longer than most tests take to send it. Whoever takes it disposes of it."""
    return _kept(whose, database_url).execution_options()


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
def watch() -> StandingClock:
    """Real time, which the ages of links, sessions and codes go by."""
    return StandingClock(TUESDAY)


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str, smtp_sink: SmtpSink) -> Settings:
    """Settings of a scripted installation whose mail goes to the sink."""
    return load_settings(
        {
            "NURTURE_HOME": str(tmp_path / "home"),
            "NURTURE_DATABASE_URL": database_url,
            "NURTURE_REDIS_URL": redis_url,
            "NURTURE_SMTP_URL": smtp_sink.url,
            "NURTURE_BASE_URL": "http://localhost:8000",
            "NURTURE_LIVE": "1",
            "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
        }
    )


@pytest.fixture
def runtime(
    settings: Settings,
    database_url: str,
    redis_client: Redis,
    redis_url: str,
    clock: StandingClock,
    watch: StandingClock,
) -> Iterator[Runtime]:
    """A whole runtime over real parts, at Tuesday ten o'clock until the test moves the clock."""
    built = build(settings, Addresses(database_url, redis_url), clock=clock)
    engine = seasoned("of the runtime", database_url)
    made = sessionmaker(engine, expire_on_commit=False)
    runtime = replace(built, engine=engine, sessions=made, real_clock=watch)
    yield runtime
    runtime.close()


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def webhook_sink() -> Iterator[WebhookSink]:
    with WebhookSink() as sink:
        yield sink


def _administer(servers: Throwaway, statement: str) -> None:
    there = _database(servers, "postgres")
    try:
        _desk(there).execute(statement)
    except psycopg.OperationalError:  # the server was down in between
        _desk.cache_clear()
        _desk(there).execute(statement)


@cache
def _desk(database_url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection that makes and drops databases, open as long as its server runs."""
    return psycopg.connect(database_url, autocommit=True)


def _database(servers: Throwaway, name: str) -> str:
    return make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
