"""Read-only transactions for pages, and what the absence of the database and a clash in it look like."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

# What a door catches to say "the database does not answer".
AWAY = (OperationalError, InterfaceError)
# What `is_clash` tells apart.
REFUSED_BY_TABLE = IntegrityError
PageSession: TypeAlias = Session


def is_clash(fault: IntegrityError) -> bool:
    """Whether two made the same at the same moment: each had looked, and found nothing of the other yet."""
    return isinstance(fault.orig, UniqueViolation)


@contextmanager
def reading(sessions: sessionmaker[Session]) -> Iterator[PageSession]:
    """A session in one READ ONLY transaction; PostgreSQL refuses every write in it."""
    with sessions() as session:
        session.connection(execution_options={"postgresql_readonly": True})
        yield session
        session.rollback()
