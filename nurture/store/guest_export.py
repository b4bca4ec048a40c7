"""The list of an event as a CSV file."""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql
from sqlalchemy.orm import Session

from nurture.store.csv_cells import SAFE

_TEXTS: dict[str, LiteralString] = {
    "first_name": "l.first_name",
    "last_name": "l.last_name",
    "email": "l.email",
    "phone": "l.phone",
    "company": "c.name",
    "role": "l.role",
    "comment": "g.words",
}
_OTHERS: dict[str, LiteralString] = {
    "lead_id": "g.lead_id",
    "state": "g.state",
    "registered_by": "g.source",
    "registered_at": "g.registered_at AT TIME ZONE 'UTC'",
    "came_at": "g.came_at AT TIME ZONE 'UTC'",
    "rating": "g.rating",
}
_ORDER = (
    "lead_id", "first_name", "last_name", "email", "phone", "company", "role", "state", "registered_by",
    "registered_at", "came_at", "rating", "comment",
)  # fmt: skip
_FROM: LiteralString = """
    FROM event_guest g JOIN lead l ON l.id = g.lead_id AND l.erased_at IS NULL
    LEFT JOIN company c ON c.id = l.company_id
    WHERE g.event_id = {event} ORDER BY l.last_name, g.lead_id
"""


def stream(session: Session, event_id: int) -> Iterator[bytes]:
    """The bytes of the file, header first, in pieces; instants in UTC, erased people left out."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    columns = sql.SQL(", ").join(map(_column, _ORDER))
    where = sql.SQL(_FROM).format(event=sql.Literal(event_id))
    query = sql.SQL("COPY (SELECT {columns}{source}) TO STDOUT WITH (FORMAT csv, HEADER)")
    with connection.cursor() as cursor, cursor.copy(query.format(columns=columns, source=where)) as copy:
        for piece in copy:
            yield bytes(piece)


def _column(name: str) -> sql.Composed:
    value = SAFE.format(sql.SQL(_TEXTS[name])) if name in _TEXTS else sql.Composed([sql.SQL(_OTHERS[name])])
    return sql.SQL("{} AS {}").format(value, sql.Identifier(name))
