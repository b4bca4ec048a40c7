"""Processes that die in the middle: PostgreSQL ends their connection at any statement they make."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError


@contextmanager
def dying_at(engine: Engine, statement: int) -> Iterator[list[int]]:
    """The connection that makes the `statement`-th statement (from 1) inside the block loses its server
    process right before it. Yields the numbers of those ended; the error is swallowed only if it was ours."""
    ended: list[int] = []
    seen = 0

    def kill(connection: Any, cursor: Any, *_rest: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            pid = cursor.connection.info.backend_pid
            url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(url, autocommit=True) as other:
                # Waits until it is gone, up to five seconds.
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            ended.append(pid)

    event.listen(engine, "before_cursor_execute", kill)
    try:
        yield ended
    except DBAPIError:
        if not ended:
            raise
    finally:
        event.remove(engine, "before_cursor_execute", kill)
