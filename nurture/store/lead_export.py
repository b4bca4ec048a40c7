"""The base as CSV, streamed by COPY: the names of its columns are those that an import understands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.csv_cells import SAFE
from nurture.store.lead_list import LeadQuery, Order, in_order

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
_TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
# What a list shows, as columns of a file: the name of the column in the list, then those of the file. The
# names of the file are those that an import understands, where there is one.
_SHOWN: dict[str, dict[str, str]] = {
    "email": {"email": "l.email"},
    "touches": {"touches_in": "l.touches_in", "touches_out": "l.touches_out"},
    "target": {"target_score": "t.percent"},
    "last_signal": {"last_signal_at": _TIME.format("l.last_signal_at")},
    "created": {"created_at": _TIME.format("l.created_at")},
    "heat": {"heat": "coalesce(round(power(2.0, l.heat_log2 - %(now)s / %(half_life)s)::numeric, 1), 0)"},
}
_ALWAYS = ("first_name", "last_name", "email")
_OWN = "fields."
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


def stream_chosen(
    session: Session,
    wanted: LeadQuery,
    order: Order,
    names: Sequence[str],
    *,
    half_life_s: float,
    now: datetime,
) -> Iterator[bytes]:
    """Those who match, in their order, with these columns of the list (and always the name, the address and
    the id), header first, in pieces. Names that are no columns are left out."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    found, given = _matching(session, wanted, order)
    given |= {"now": now.timestamp(), "half_life": half_life_s}
    query = sql.SQL(
        "COPY (SELECT {columns} FROM ({found}) m JOIN lead l ON l.id = m.lead_id"
        " LEFT JOIN company c ON c.id = l.company_id LEFT JOIN source s ON s.id = l.source_id"
        " LEFT JOIN user_account u ON u.id = l.owner_id LEFT JOIN lead_target t ON t.lead_id = l.id"
        " ORDER BY m.sorted_by {way} NULLS LAST, m.lead_id {way})"
        " TO STDOUT WITH (FORMAT csv, HEADER)"
    ).format(
        columns=sql.SQL(", ").join(_shown(names)),
        found=sql.SQL(found),
        way=sql.SQL("DESC" if order.down else "ASC"),
    )
    with connection.cursor() as cursor, cursor.copy(query, given) as copy:
        for piece in copy:
            yield bytes(piece)


def _matching(session: Session, wanted: LeadQuery, order: Order) -> tuple[str, dict[str, Any]]:
    """The query of the list as text with the names of its values, and the values: they travel beside it."""
    query = in_order(session, wanted, order)
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    return str(compiled), dict(compiled.params)


def _shown(names: Sequence[str]) -> Iterator[sql.Composed]:
    yield _named(sql.Composed([sql.SQL("l.id")]), "id")
    for name in dict.fromkeys([*_ALWAYS, *names]):
        if name.startswith(_OWN):
            value = sql.SQL("(l.fields ->> {})").format(sql.Literal(name.removeprefix(_OWN)))
            yield _named(SAFE.format(value), name)
            continue
        for title, column in _columns(name).items():
            safe = title in _TEXTS
            yield _named(SAFE.format(sql.SQL(column)) if safe else sql.Composed([sql.SQL(column)]), title)


def _columns(name: str) -> Mapping[str, str]:
    known = {**_OTHERS, **_TEXTS}
    return _SHOWN.get(name) or ({name: known[name]} if name in known else {})


def count(session: Session) -> int:
    """How many leads the file will hold."""
    return int(session.execute(text("SELECT count(*) FROM lead WHERE erased_at IS NULL")).scalar_one())


def _plain() -> Iterator[sql.Composed]:
    for name, column in {**_OTHERS, **_TEXTS}.items():
        value = sql.SQL(column)
        yield _named(SAFE.format(value) if name in _TEXTS else sql.Composed([value]), name)


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
        yield _named(SAFE.format(value), f"{group}.{name}")


def _named(value: sql.Composable, name: str) -> sql.Composed:
    """PostgreSQL cuts names at 63 bytes; so does the header."""
    return sql.SQL("{} AS {}").format(value, sql.Identifier(name.encode()[:63].decode(errors="ignore")))
