"""Alembic inside the package: `upgrade` brings a database to the schema of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

# One number for all hosts that start at once: the first migrates, the others wait for it.
_LOCK = 7_268_541_001


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made in code: no ini file beside the package."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema; several hosts may call it at once."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        try:
            command.upgrade(config(connection), "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()


def at_head(connection: Connection) -> bool:
    """Whether the database has the schema that this version of the program expects."""
    return MigrationContext.configure(connection).get_current_revision() == head()


def head() -> str | None:
    """The newest revision that this version of the program knows."""
    return ScriptDirectory.from_config(config()).get_current_head()


def knows(revision: str) -> bool:
    """Whether this version of the program can read, and bring up to date, a schema of that revision."""
    scripts = ScriptDirectory.from_config(config()).walk_revisions()
    return any(script.revision == revision for script in scripts)
