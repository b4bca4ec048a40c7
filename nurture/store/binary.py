"""Rows as PostgreSQL takes them by COPY in its binary form, which nobody has to parse: for those that come by
the hundred thousand. (PostgreSQL documentation, COPY, "Binary Format".)

A row is its head (how many columns it has) and its fields, each with its length before it. No two of these
are apart from the others: whoever puts a row together has its columns in the order of the statement.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from struct import Struct
from uuid import UUID

from psycopg import Connection
from sqlalchemy.orm import Session

NULL = b"\xff\xff\xff\xff"
_BEGINNING = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_ROWS_AT_A_TIME = 250
_LENGTH = Struct(">i")
_UUID_LENGTH = _LENGTH.pack(16)
_BIGINT = Struct(">iq")
_FLOAT = Struct(">id")
# Dimensions, whether any of them is NULL, and of what type they are; how many, and the number of the first.
_ARRAY = Struct(">iii")
_ONE_DIMENSION = Struct(">ii")
_TEXT_TYPE = 25
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_OF_A_MILLISECOND = 1000
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_MILLIS = 946_684_800_000


def micros(at: datetime) -> int:
    """An instant as a field holds it: microseconds since 2000."""
    return (at - _EPOCH) // _MICROSECOND


def micros_of(number: UUID) -> int:
    """The instant that a UUIDv7 was made for."""
    return ((number.int >> 80) - _EPOCH_MILLIS) * _MICROSECONDS_OF_A_MILLISECOND


def bigint(value: int | None) -> bytes:
    """A field of type bigint."""
    return NULL if value is None else _BIGINT.pack(8, value)


def double(value: float | None) -> bytes:
    """A field of type double precision."""
    return NULL if value is None else _FLOAT.pack(8, value)


def uuid(value: UUID) -> bytes:
    """A field of type uuid."""
    return _UUID_LENGTH + value.bytes


def text(value: str | None) -> bytes:
    """A field of type text; the text bears no zero."""
    if value is None:
        return NULL
    data = value.encode()
    return _LENGTH.pack(len(data)) + data


def jsonb(value: str) -> bytes:
    """A field of type jsonb, from its text."""
    data = value.encode()
    return _LENGTH.pack(len(data) + 1) + b"\x01" + data


def texts(values: Sequence[str]) -> bytes:
    """A field of type text[]."""
    data = _ARRAY.pack(1 if values else 0, 0, _TEXT_TYPE)
    if values:
        data += _ONE_DIMENSION.pack(len(values), 1) + b"".join(map(text, values))
    return _LENGTH.pack(len(data)) + data


def copy(session: Session, into: str, rows: Iterable[bytes]) -> None:
    """Append rows to a table; COPY knows no conflicts. `into` is the table with its columns."""
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, Connection):
        raise TypeError("COPY needs a connection of psycopg")
    with driver.cursor().copy(f"COPY {into} FROM STDIN (FORMAT binary)") as data:
        data.write(_BEGINNING)
        for some in _parts(rows):
            # PostgreSQL stores what it has while the rest is made.
            data.write(some)
        data.write(_END)


def _parts(rows: Iterable[bytes]) -> Iterator[bytes]:
    left = iter(rows)
    while some := b"".join(islice(left, _ROWS_AT_A_TIME)):
        yield some
