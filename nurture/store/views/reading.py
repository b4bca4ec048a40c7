"""Read-only transactions for pages, and what the absence of the database looks like."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

# What a door catches to say "the database does not answer".
AWAY = (OperationalError, InterfaceError)
PageSession: TypeAlias = Session


@contextmanager
def reading(sessions: sessionmaker[Session]) -> Iterator[PageSession]:
    """A session in one READ ONLY transaction; PostgreSQL refuses every write in it."""
    with sessions() as session:
        session.connection(execution_options={"postgresql_readonly": True})
        yield session
        session.rollback()
