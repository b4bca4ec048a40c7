"""Rows of a file of leads while they wait: put aside by COPY, made one a lead, told from known leads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from nurture.rules.lead_rows import LeadRow
from nurture.store import batch

_INTO = 'import_row (import_id, line, email, email_norm, phone, "values", warnings, lead_id)'
# The name of the sequence is looked up once, not for each number.
_NEXT_IDS = text(
    """
    WITH kept AS MATERIALIZED (SELECT CAST(pg_get_serial_sequence('lead', 'id') AS regclass) AS numbers)
    SELECT string_agg(CAST(nextval(numbers) AS text), ',') FROM kept, generate_series(1, :count)
    """
)
_ADD = text(
    """
    UPDATE import_row r SET values = r.values || CAST(g.more AS jsonb)
    FROM unnest(CAST(:lines AS int[]), CAST(:more AS text[])) AS g (line, more)
    WHERE r.import_id = :id AND r.line = g.line
    """
)
_REPLACE = text(
    """
    UPDATE import_row r
    SET email = g.email, email_norm = g.email_norm, phone = g.phone,
        values = CAST(g.values AS jsonb), warnings = CAST(g.warnings AS jsonb)
    FROM unnest(
        CAST(:lines AS int[]), CAST(:emails AS text[]), CAST(:norms AS text[]), CAST(:phones AS text[]),
        CAST(:values AS text[]), CAST(:warnings AS text[])
    ) AS g(line, email, email_norm, phone, values, warnings)
    WHERE r.import_id = :id AND r.line = g.line
    """
)
_MATCH_EMAILS = text(
    """
    UPDATE import_row r SET lead_id = l.id
    FROM (
        SELECT id, email_norm FROM lead WHERE email_norm IS NOT NULL
        UNION ALL SELECT lead_id, email_norm FROM lead_alias WHERE email_norm IS NOT NULL
    ) l
    WHERE r.import_id = :id AND r.email_norm IS NOT NULL AND l.email_norm = r.email_norm
    """
)
_MATCH_PHONES = text(
    """
    UPDATE import_row r SET lead_id = l.id FROM lead l
    WHERE r.import_id = :id AND r.lead_id < 0 AND r.phone IS NOT NULL AND l.phone = r.phone
        AND (r.email_norm IS NULL OR l.email_norm IS NULL)
    """
)
_FOREIGN_PHONES = text(
    """
    SELECT r.line, r.email, r.email_norm, r.phone, r.values, r.warnings
    FROM import_row r JOIN lead l ON l.phone = r.phone
    WHERE r.import_id = :id AND l.id <> r.lead_id
    """
)


def is_kept(session: Session, import_id: int, count: int) -> bool:
    """Whether all rows put aside so far are still there (they are not after a crash of the database)."""
    return staged_count(session, import_id) == count


def known_count(session: Session, import_id: int) -> int:
    """How many of the rows are those of known leads."""
    query = text("SELECT count(*) FROM import_row WHERE import_id = :id AND lead_id > 0")
    return int(session.execute(query, {"id": import_id}).scalar_one())


def analyze(session: Session) -> None:
    """Let the planner know what has just been put aside: no statistics were kept of it yet."""
    session.execute(text("ANALYZE import_row"))


def staged_count(session: Session, import_id: int) -> int:
    query = text("SELECT count(*) FROM import_row WHERE import_id = :id")
    return int(session.execute(query, {"id": import_id}).scalar_one())


def reserve_lead_ids(session: Session, count: int) -> list[bytes]:
    """Ids for leads that may be made, as digits; those not used leave gaps, which nobody minds."""
    digits = session.scalar(_NEXT_IDS, {"count": count})
    return digits.encode().split(b",") if digits else []


def ready(import_id: int, row: LeadRow) -> bytes:
    """A row as `stage` takes it, but for the id of its lead."""
    about = batch.rows(row.values), batch.rows(row.warnings) if row.warnings else "[]"
    return batch.line((import_id, row.line, row.email, row.email_norm, row.phone, *about))


def stage(session: Session, rows: Sequence[bytes], new_ids: Sequence[bytes]) -> None:
    """Put a chunk of rows aside by COPY, each with an id kept for it in case its lead is new."""
    batch.copy_lines(session, _INTO, map(b"%b,-%b".__mod__, zip(rows, new_ids, strict=True)))


def add_to(session: Session, import_id: int, more: Mapping[int, Mapping[str, Any]]) -> None:
    """Note something more with rows, by their line."""
    if more:
        given = {"lines": list(more), "more": [batch.rows(values) for values in more.values()]}
        session.execute(_ADD, {"id": import_id} | given)


def same_email(session: Session, import_id: int) -> Iterator[list[LeadRow]]:
    """Groups of rows with one e-mail address, each in the order of the file."""
    return _groups(session, import_id, "email_norm")


def same_phone(session: Session, import_id: int) -> Iterator[list[LeadRow]]:
    """Groups of rows with one phone number, each in the order of the file."""
    return _groups(session, import_id, "phone")


def same_lead(session: Session, import_id: int) -> Iterator[list[LeadRow]]:
    """Groups of rows that were found to be one known lead."""
    return _groups(session, import_id, "lead_id")


def _groups(session: Session, import_id: int, column: str) -> Iterator[list[LeadRow]]:
    query = text(
        f"""
        SELECT line, email, email_norm, phone, values, warnings, lead_id FROM import_row
        WHERE import_id = :id AND {column} IN (
            SELECT {column} FROM import_row WHERE import_id = :id AND {column} IS NOT NULL
            GROUP BY {column} HAVING count(*) > 1
        )
        ORDER BY {column}, line
        """
    )
    rows = session.execute(query, {"id": import_id})
    for _key, group in groupby(rows, key=lambda row: getattr(row, column)):
        yield [_row(row) for row in group]


def _row(row: Row[Any]) -> LeadRow:
    return LeadRow(row.line, row.email, row.email_norm, row.phone, row.values, row.warnings)


def replace_rows(session: Session, import_id: int, rows: Sequence[LeadRow]) -> None:
    """Write back rows that have taken in others."""
    if rows:
        session.execute(
            _REPLACE,
            {
                "id": import_id,
                "lines": [row.line for row in rows],
                "emails": [row.email for row in rows],
                "norms": [row.email_norm for row in rows],
                "phones": [row.phone for row in rows],
                "values": [json.dumps(row.values) for row in rows],
                "warnings": [json.dumps(row.warnings) for row in rows],
            },
        )


def drop_rows(session: Session, import_id: int, lines: Sequence[int]) -> None:
    if lines:
        query = text("DELETE FROM import_row WHERE import_id = :id AND line = ANY(:lines)")
        session.execute(query, {"id": import_id, "lines": list(lines)})


def match_emails(session: Session, import_id: int) -> None:
    """Tell the rows whose e-mail address is a known lead's."""
    session.execute(_MATCH_EMAILS, {"id": import_id})


def match_phones(session: Session, import_id: int) -> list[LeadRow]:
    """Tell the rows whose phone is that of a known lead and who say nothing against being that lead.
    Gives back those whose number is somebody else's."""
    session.execute(_MATCH_PHONES, {"id": import_id})
    return [_row(row) for row in session.execute(_FOREIGN_PHONES, {"id": import_id})]


def leads_of(session: Session, import_id: int) -> list[int]:
    """The leads of all rows, in the order of the file."""
    query = text("SELECT abs(lead_id) FROM import_row WHERE import_id = :id ORDER BY line")
    return list(session.execute(query, {"id": import_id}).scalars())


def drop_staging(session: Session, import_id: int) -> None:
    session.execute(text("DELETE FROM import_row WHERE import_id = :id"), {"id": import_id})
