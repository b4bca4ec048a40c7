"""A batch of rows as one value: psycopg makes arrays of texts and instants several times as slowly as
PostgreSQL reads them from JSON, and a list of numbers is quickest as the text of an array."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection
from sqlalchemy import text
from sqlalchemy.orm import Session

_ROWS_AT_A_TIME = 250
_BY_KEY = text(
    "SELECT set_config('enable_hashjoin', :way, true), set_config('enable_mergejoin', :way, true),"
    " set_config('enable_seqscan', :way, true)"
)
# Whole numbers that do not fit into 64 bits, which only the slower reader keeps exact.
_LONG_NUMBER = re.compile(rb"\d{19}")


@contextmanager
def by_key(session: Session) -> Iterator[None]:
    """Statements within find the rows of a batch one by one by their key. Left to itself the planner would
    rather read a table of a hundred thousand rows through for each thousand of them, which takes longer than
    looking them up where all of it is at hand. For statements that join a batch with tables, and nothing with
    another batch."""
    session.execute(_BY_KEY, {"way": "off"})
    yield
    # A statement that failed has ended the transaction, and the settings with it.
    session.execute(_BY_KEY, {"way": None})


def rows(values: Sequence[Any] | Mapping[str, Any]) -> str:
    """Rows as JSON; ids and instants may stand in them as they are."""
    try:
        return orjson.dumps(values, default=_plain).decode()
    except TypeError:  # a number over 64 bits, or half a sign of UTF-16: for PostgreSQL to judge
        return json.dumps(values, default=_plain)


def line(row: tuple[Any, ...]) -> bytes:
    """A row for `copy_lines`. Ids and instants may stand in it as they are, JSON as its text; texts bear no
    control characters."""
    # A row of JSON without its brackets is one of CSV, where quotes are told by a backslash.
    return orjson.dumps(row)[1:-1]


def copy_lines(session: Session, into: str, values: Iterable[bytes]) -> None:
    """Append rows to a table by COPY, which takes half of what INSERT takes for rows with many columns, and
    knows no conflicts. `into` is the table with its columns. (Quicker yet: `binary`.)"""
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, Connection):
        raise TypeError("COPY needs a connection of psycopg")
    left = iter(values)
    with driver.cursor().copy(f"COPY {into} FROM STDIN (FORMAT csv, NULL 'null', ESCAPE '\\')") as data:
        # PostgreSQL stores what it has while the rest is made.
        while lines := list(islice(left, _ROWS_AT_A_TIME)):
            data.write(b"\n".join(lines) + b"\n")


def text_of(value: Mapping[str, Any]) -> str:
    """A JSON column of a row for `binary`."""
    return rows(value) if value else "{}"


def numbers(ids: Iterable[int]) -> str:
    """Whole numbers as the text of an array."""
    return array(ids)


def uuids(ids: Iterable[UUID]) -> str:
    """Ids as the text of an array."""
    return array(ids)


def instants(moments: Iterable[datetime]) -> str:
    """Instants as the text of an array."""
    return array(moments)


def array(values: Iterable[Any]) -> str:
    """Numbers, ids, instants, or texts without control characters, as the text of an array."""
    # Between its brackets a list of JSON is one of PostgreSQL, quotes included.
    return f"{{{orjson.dumps(list(values))[1:-1].decode()}}}"


def loads(data: bytes | str) -> Any:
    """What PostgreSQL gives as JSON; raises ValueError for anything else."""
    if data == b"{}":
        return {}
    raw = data.encode() if isinstance(data, str) else data
    return json.loads(raw) if _LONG_NUMBER.search(raw) else orjson.loads(raw)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Iterable):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")
