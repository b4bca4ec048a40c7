"""A home that was lost and is brought back from its backup, with the commands of the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from nurture.cli import main
from nurture.config import load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import Throwaway
from nurture.jobs.streams import streams
from nurture.runtime import Runtime, build
from tests.clock import StandingClock
from tests.sinks import SmtpSink
from tests.stories.world import World


def typed(runtime: Runtime, *words: str, at: datetime, **env: str) -> Result:
    """A command in the terminal of this home, at a moment of its virtual time."""
    (runtime.settings.home / "clock.json").unlink(missing_ok=True)
    return CliRunner().invoke(
        main,
        words,
        env={
            "NURTURE_HOME": str(runtime.settings.home),
            "NURTURE_DATABASE_URL": runtime.addresses.database_url,
            "NURTURE_REDIS_URL": runtime.addresses.redis_url,
            "NURTURE_CLOCK_START": at.isoformat(),
            "NURTURE_CLOCK_SPEED": "0.001",
            **env,
        },
    )


def empty_database(servers: Throwaway, name: str) -> str:
    """The address of a database with nothing in it."""
    return _administered(servers, name, f'CREATE DATABASE "{name}"')


def dropped(servers: Throwaway, name: str) -> str:
    return _administered(servers, name, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administered(servers: Throwaway, name: str, statement: str) -> str:
    url = make_url(servers.database_url)
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def life(home: Path, database_url: str, like: Runtime, clock: StandingClock) -> Iterator[Runtime]:
    """A runtime over what is in this home and this database."""
    settings = load_settings(
        {
            "NURTURE_HOME": str(home),
            "NURTURE_DATABASE_URL": database_url,
            "NURTURE_REDIS_URL": like.addresses.redis_url,
            "NURTURE_SMTP_URL": like.settings.smtp_url or "",
            "NURTURE_BASE_URL": like.settings.base_url,
            "NURTURE_LIVE": "1",
            "NURTURE_ALLOW_PRIVATE_WEBHOOKS": "1",
        }
    )
    runtime = build(settings, Addresses(database_url, like.addresses.redis_url), clock=clock)
    try:
        yield runtime
    finally:
        runtime.close()


@contextmanager
def world_over(runtime: Runtime, clock: StandingClock, smtp: SmtpSink) -> Iterator[World]:
    with streams(runtime) as work, World(runtime, clock, smtp, work, _seen=len(smtp.mails)) as world:
        yield world


def contents(runtime: Runtime) -> dict[str, tuple[int, str | None]]:
    """Every table with how many rows it has and a sum over all of them."""
    with runtime.sessions() as session:
        names = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        )
        found = {}
        for name in names:
            query = f'SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{name}" AS t'
            found[name] = tuple(session.execute(text(query)).one())
    return found
