"""The base as CSV, streamed by COPY: the names of its columns are those that an import understands."""

from collections.abc import Iterator

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

_SAFE = sql.SQL(
    "CASE WHEN left({0}, 1) = ANY(ARRAY['=', '+', '-', '@', E'\\t', E'\\r', '＝', '＋', '－', '＠'])"
    " THEN '''' || {0} ELSE {0} END"
)
_TEXTS = {
    "email": "l.email",
    "first_name": "l.first_name",
    "last_name": "l.last_name",
    "phone": "l.phone",
    "company": "c.name",
    "company.industry": "c.industry",
    "company.website": "c.website",
    "role": "l.role",
    "buying_role": "l.buying_role",
    "language": "l.language",
    "timezone": "l.timezone",
    "country": "l.country",
    "city": "l.city",
    "address": "l.address",
    "tags": "array_to_string(l.tags, ';')",
    "owner": "u.email",
    "source": "s.name",
    "consents": "(SELECT string_agg(k.purpose, ';' ORDER BY k.purpose) FROM lead_consent k"
    " WHERE k.lead_id = l.id AND k.granted)",
}
_OTHERS = {
    "id": "l.id",
    "company.size": "c.size",
    "stage": "l.stage",
    "temperature": "l.temperature",
    "grade": "coalesce(l.grade_override, l.grade)",
    "readiness": "round(l.readiness::numeric, 2)",
    "created_at": "to_char(l.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
}
_BANT = ("budget", "authority", "need", "timing")
_FROM = sql.SQL(
    " FROM lead l LEFT JOIN company c ON c.id = l.company_id LEFT JOIN source s ON s.id = l.source_id"
    " LEFT JOIN user_account u ON u.id = l.owner_id WHERE l.erased_at IS NULL ORDER BY l.id"
)


def stream(session: Session) -> Iterator[bytes]:
    """The bytes of the file, header first, in pieces."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    columns = sql.SQL(", ").join(
        [*_plain(), *_bant(), *_custom(session, "fields"), *_custom(session, "dates")]
    )
    query = sql.SQL("COPY (SELECT {columns}{source}) TO STDOUT WITH (FORMAT csv, HEADER)")
    with connection.cursor() as cursor, cursor.copy(query.format(columns=columns, source=_FROM)) as copy:
        for piece in copy:
            yield bytes(piece)


def count(session: Session) -> int:
    """How many leads the file will hold."""
    return int(session.execute(text("SELECT count(*) FROM lead WHERE erased_at IS NULL")).scalar_one())


def _plain() -> Iterator[sql.Composed]:
    for name, column in {**_OTHERS, **_TEXTS}.items():
        value = sql.SQL(column)
        yield _named(_SAFE.format(value) if name in _TEXTS else sql.Composed([value]), name)


def _bant() -> Iterator[sql.Composed]:
    for part in _BANT:
        told = sql.SQL("coalesce(l.bant -> {0} ->> 'answer', l.bant ->> {0})").format(sql.Literal(part))
        yield _named(told, f"bant.{part}")


def _custom(session: Session, group: str) -> Iterator[sql.Composed]:
    """A column for each name that any lead has."""
    names = session.execute(
        text(
            f"SELECT DISTINCT jsonb_object_keys({group}) AS name FROM lead WHERE {group} <> '{{}}' ORDER BY 1"
        )
    )
    for name in names.scalars():
        value = sql.SQL("(l.{0} ->> {1})").format(sql.Identifier(group), sql.Literal(name))
        yield _named(_SAFE.format(value), f"{group}.{name}")


def _named(value: sql.Composable, name: str) -> sql.Composed:
    """PostgreSQL cuts names at 63 bytes; so does the header."""
    return sql.SQL("{} AS {}").format(value, sql.Identifier(name.encode()[:63].decode(errors="ignore")))
