"""Rows that refer to what does not exist. Of most tables the database sees to that itself; those that are
written most have no foreign keys, and are looked through here. This reads all of them."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

# By table and column, the table whose `id` it names.
REFERENCES = {
    ("delivery", "lead_id"): "lead",
    ("delivery", "program_id"): "program",
    ("delivery", "chain_id"): "chain",
    ("delivery", "version_id"): "program_version",
    ("delivery", "enrollment_id"): "enrollment",
    ("delivery", "mail_version_id"): "mail_version",
    ("delivery", "newsletter_id"): "newsletter",
    ("delivery", "consent_id"): "consent",
    ("delivery_attempt", "delivery_id"): "delivery",
    ("chain_event", "enrollment_id"): "enrollment",
    ("chain_event", "lead_id"): "lead",
    ("unrated_signal", "lead_id"): "lead",
    ("unrated_signal", "signal_id"): "signal",
    ("heat_bucket", "lead_id"): "lead",
    ("heat_bucket", "model_id"): "heat_model",
    ("lead_heat", "lead_id"): "lead",
    ("lead_heat", "model_id"): "heat_model",
    ("lead", "source_id"): "source",
    ("lead", "last_source_id"): "source",
    ("consent", "lead_id"): "lead",
    ("lead_consent", "lead_id"): "lead",
    ("lead_consent", "consent_id"): "consent",
    ("stage_change", "lead_id"): "lead",
}
_LOST = """
    SELECT count(*) AS n, min(CAST(r.{column} AS text)) AS example
    FROM {table} r
    WHERE r.{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {target} t WHERE t.id = r.{column})
"""

# By table and column, the statement that gives how many lead nowhere, and one of them.
STATEMENTS = {
    (table, column): _LOST.format(table=table, column=column, target=target)
    for (table, column), target in REFERENCES.items()
}


@dataclass(frozen=True, slots=True)
class Orphans:
    """So many rows of `table` name by `column` a row of `target` that does not exist, such as `example`."""

    table: str
    column: str
    target: str
    rows: int
    example: str


def orphans(session: Session) -> list[Orphans]:
    """Every reference that leads nowhere, by table and column; one statement for each of REFERENCES."""
    found = []
    for (table, column), target in REFERENCES.items():
        row = session.execute(text(STATEMENTS[table, column])).one()
        if row.n:
            found.append(Orphans(table, column, target, row.n, row.example))
    return found
