"""Hand-offs as a CSV file: each ripening with its clock and the last answer of sales."""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql
from sqlalchemy.orm import Session

from nurture.store.csv_cells import SAFE
from nurture.store.lead_names import full_name

_TEXTS: dict[str, LiteralString] = {
    "name": full_name("l"),
    "email": "l.email",
    "phone": "l.phone",
    "company": "c.name",
    "source": "s.name",
    "owner": "u.name",
    "team": "t.name",
    "reason": "last.reason",
    "note": "last.note",
}
_OTHERS: dict[str, LiteralString] = {
    "handoff_id": "h.id",
    "lead_id": "h.lead_id",
    "ripening_no": "h.ripening_no",
    "cause": "h.cause",
    "state": "h.state",
    "readiness": "round(h.score::numeric, 1)",
    "grade": "h.grade",
    "ready_at": "h.ready_at AT TIME ZONE 'UTC'",
    "released_at": "h.released_at AT TIME ZONE 'UTC'",
    "contacted_at": "h.contacted_at AT TIME ZONE 'UTC'",
    "response_seconds": "h.response_s",
    "overdue": "h.overdue_at IS NOT NULL",
    "closed_at": "h.closed_at AT TIME ZONE 'UTC'",
    "meeting_at": "CASE WHEN last.outcome = 'meeting' THEN last.happens_at AT TIME ZONE 'UTC' END",
    "amount": "last.amount",
    "currency": "last.currency",
}
_ORDER = (
    "handoff_id", "lead_id", "ripening_no", "name", "email", "phone", "company", "source", "cause", "state",
    "readiness", "grade", "owner", "team", "ready_at", "released_at", "contacted_at", "response_seconds",
    "overdue", "closed_at", "meeting_at", "amount", "currency", "reason", "note",
)  # fmt: skip
_FROM: LiteralString = """
    FROM handoff h JOIN lead l ON l.id = h.lead_id
    LEFT JOIN company c ON c.id = l.company_id
    LEFT JOIN source s ON s.id = l.source_id
    LEFT JOIN user_account u ON u.id = h.owner_id
    LEFT JOIN sales_team t ON t.id = h.team_id
    LEFT JOIN LATERAL (
        SELECT o.* FROM handoff_outcome o WHERE o.handoff_id = h.id ORDER BY o.id DESC LIMIT 1
    ) last ON true
    WHERE l.erased_at IS NULL ORDER BY h.id
"""


def stream(session: Session) -> Iterator[bytes]:
    """The bytes of the file, header first, in pieces; instants in UTC, erased people left out."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    columns = sql.SQL(", ").join(map(_column, _ORDER))
    query = sql.SQL("COPY (SELECT {columns}{source}) TO STDOUT WITH (FORMAT csv, HEADER)")
    whole = query.format(columns=columns, source=sql.SQL(_FROM))
    with connection.cursor() as cursor, cursor.copy(whole) as copy:
        for piece in copy:
            yield bytes(piece)


def _column(name: str) -> sql.Composed:
    value = SAFE.format(sql.SQL(_TEXTS[name])) if name in _TEXTS else sql.Composed([sql.SQL(_OTHERS[name])])
    return sql.SQL("{} AS {}").format(value, sql.Identifier(name))
