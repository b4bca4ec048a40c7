"""The gate of the pumps: while somebody works on the past alone, no pump takes a turn.

An advisory lock of PostgreSQL, shared by the pumps and taken alone by whoever needs the house to stand
still; it falls open by itself when its holder dies.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_LOCK = 7_268_541_020


class Gate:
    """One for a pump. `open()` says whether it may take a round, which `close()` ends."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def open(self) -> bool:
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            asked = self._connection.execute(
                text("SELECT pg_try_advisory_lock_shared(:lock)"), {"lock": _LOCK}
            )
            return bool(asked.scalar_one())
        except SQLAlchemyError:
            # Without a database there is nothing to stand in the way of: the streams say that it is away.
            self.leave()
            return True

    def close(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.execute(text("SELECT pg_advisory_unlock_shared(:lock)"), {"lock": _LOCK})
        except SQLAlchemyError:
            self.leave()

    def leave(self) -> None:
        """Give the connection back; one that is broken takes its lock along."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Wait until no pump is at work, and keep them waiting until the block ends."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
