"""What hangs on a lead goes over to the one it is merged into, and back: a statement for each table.

What was moved is kept by its id, so that an undone merge finds it again among what has come since.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# By table, the column that names a row. Everything else that says a lead is in STAYS.
MOVES: Mapping[str, str] = {
    "signal": "id",
    "hit": "id",
    "delivery": "id",
    "enrollment": "id",
    "chain_event": "id",
    "goal_met": "enrollment_id",
    "stage_change": "id",
    "temperature_change": "id",
    "lead_edit": "id",
    "inbound_report": "id",
    "visitor": "id",
    "visit": "view",
    "webhook_message": "id",
    "suppression": "id",
    "kept_no": "id",
    "no_to_keep": "id",
    "lead_identity": "value",
    "form_submission": "id",
}
# Why the rows of these tables are not moved.
STAYS: Mapping[str, str] = {
    "handoff": "moved with its number counted on",
    "consent": "the ledger is appended only: entries keep their recorded lead and are read together",
    "lead_consent": "what holds is worked out of both",
    # Rows of these two are held by whoever takes them up, and then waits for the lead that the merge holds.
    "unrated_signal": "the signal says whose it is when its turn comes",
    "turned_signal": "the signal says whose it is when its turn comes",
    "lead_heat": "counted anew over all signals",
    "heat_bucket": "counted anew over all signals",
    "lead_line": "kept by triggers",
    "lead_target": "asked anew",
    "lead_alias": "is the merge",
    "lead_merge": "is the merge",
    "lead_duplicate": "a pair that was merged is no pair",
    "segment_member": "told anew",
    "member_by_model": "told anew",
    "dirty_lead": "told anew",
    "unjudged_lead": "the survivor is judged by the merge",
    "arm_lead": "a person is in an arm once, by which it came first",
    "lead_pause": "the later one holds",
    "event_guest": "one place on each list",
    "newsletter_wait": "one place in each line",
    "model_approval": "decided of the survivor alone",
    "import_row": "rows of a file that is being taken in",
}
_ROWS = text("SELECT id, to_jsonb(l) AS was FROM lead l WHERE id = ANY(:leads) ORDER BY id FOR NO KEY UPDATE")
_PERSONAL = (
    "email", "email_norm", "phone", "first_name", "last_name", "company_id", "role", "buying_role",
    "language", "timezone", "timezone_source", "country", "city", "address", "tags", "fields", "dates",
    "bant", "profiles", "source_id", "last_source_id", "owner_id", "created_at", "held_at", "future_at",
    "grade_override", "grade_override_reason", "touches_in", "touches_out", "last_signal_at", "armed",
    "ripening_no",
)  # fmt: skip
_WRITE = text(
    f"""
    UPDATE lead l SET ({", ".join(_PERSONAL)}, updated_at) =
        (SELECT {", ".join(f"g.{name}" for name in _PERSONAL)}, CAST(:now AS timestamptz)
         FROM jsonb_populate_record(CAST(NULL AS lead), CAST(:row AS jsonb)) g)
    WHERE l.id = :id
    """
)
_EMPTY = text(
    """
    UPDATE lead
    SET email = NULL, email_norm = NULL, phone = NULL, first_name = NULL, last_name = NULL, company_id = NULL,
        role = NULL, buying_role = NULL, language = NULL, timezone = NULL, timezone_source = NULL,
        country = NULL, city = NULL, address = NULL, owner_id = NULL, tags = '{}', fields = '{}',
        dates = '{}', bant = '{}', profiles = '[]', search = '', folded_fields = '{}', folded_tags = '{}',
        grade_override_reason = NULL, readiness_parts = '{}', heat_log2 = NULL, erased_at = :now,
        updated_at = :now
    WHERE id = :id
    """
)
_CONTACT = text("UPDATE lead SET email = NULL, email_norm = NULL, phone = NULL WHERE id = :id")
_RETURN = text("UPDATE lead SET erased_at = NULL WHERE id = :id")
_DROP = (
    "DELETE FROM lead_heat WHERE lead_id = :id",
    "DELETE FROM heat_bucket WHERE lead_id = :id",
    "DELETE FROM segment_member WHERE lead_id = :id",
    "DELETE FROM member_by_model WHERE lead_id = :id",
    "DELETE FROM lead_target WHERE lead_id = :id",
    "DELETE FROM model_approval WHERE lead_id = :id AND state = 'waiting'",
    "DELETE FROM lead_duplicate WHERE :id IN (lead_id, other_id)",
)
# The survivor came in by the same occasion: once is enough.
_SAME_OCCASION = text(
    """
    UPDATE enrollment e SET occasion = NULL
    WHERE e.lead_id = :from AND e.occasion IS NOT NULL AND EXISTS (
        SELECT FROM enrollment o WHERE o.lead_id = :to AND o.chain_id = e.chain_id AND o.occasion = e.occasion
    )
    """
)
_STRAGGLERS = text(
    """
    WITH late AS (
        SELECT u.signal_id, u.received_at, u.lead_id AS alias_id, a.lead_id
        FROM unrated_signal u JOIN lead_alias a ON a.alias_id = u.lead_id
        WHERE u.lead_id = ANY(:leads)
    ), told AS (
        UPDATE signal s SET lead_id = late.lead_id FROM late
        WHERE s.id = late.signal_id AND s.received_at = late.received_at AND s.lead_id = late.alias_id
    )
    UPDATE unrated_signal u SET lead_id = late.lead_id FROM late WHERE u.signal_id = late.signal_id
    RETURNING u.signal_id
    """
)
Row = dict[str, Any]


def of(session: Session, lead_ids: Sequence[int]) -> dict[int, Row]:
    """The rows of these leads as JSON, locked in the order of their ids."""
    return {row.id: row.was for row in session.execute(_ROWS, {"leads": list(lead_ids)})}


def write(session: Session, lead_id: int, row: Mapping[str, Any], *, now: datetime) -> None:
    """Give a lead what `row` says of the person."""
    session.execute(_WRITE, {"id": lead_id, "row": json.dumps(row), "now": now})


def let_go_of_contact(session: Session, lead_id: int) -> None:
    """Address and number are free for another row."""
    session.execute(_CONTACT, {"id": lead_id})


def addresses(session: Session, lead_ids: Sequence[int]) -> list[tuple[int, str]]:
    """The addresses of these leads, in normal form, each with its lead."""
    query = text("SELECT id, email_norm FROM lead WHERE id = ANY(:leads) AND email_norm IS NOT NULL")
    return [(row.id, row.email_norm) for row in session.execute(query, {"leads": list(lead_ids)})]


def empty(session: Session, lead_id: int, *, now: datetime) -> None:
    """The row of an alias says nothing of anybody and is in no list; heat and memberships go."""
    session.execute(_EMPTY, {"id": lead_id, "now": now})
    for statement in _DROP:
        session.execute(text(statement), {"id": lead_id})


def give_back(session: Session, lead_id: int, row: Mapping[str, Any], *, now: datetime) -> None:
    """The row of an alias is a lead again."""
    write(session, lead_id, row, now=now)
    session.execute(_RETURN, {"id": lead_id})


def move(
    session: Session, from_id: int, to_id: int, *, only: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """What hangs on a lead (of `only` these rows, if given) hangs on the other; the ids, by table."""
    session.execute(_SAME_OCCASION, {"from": from_id, "to": to_id})
    moved = {}
    for table, key in MOVES.items():
        ids = None if only is None else list(only.get(table, ()))
        if ids == []:
            continue
        chosen = "" if ids is None else f" AND CAST({key} AS text) = ANY(:ids)"
        statement = text(
            f"UPDATE {table} SET lead_id = :to WHERE lead_id = :from{chosen} RETURNING CAST({key} AS text)"
        )
        found = list(session.scalars(statement, {"from": from_id, "to": to_id, "ids": ids}))
        if found:
            moved[table] = found
    return moved


def bring_stragglers(session: Session, lead_ids: Sequence[int]) -> set[uuid.UUID]:
    """Signals in the inbox that wait for an alias, and what came in for it while it was being merged, are the
    survivor's; theirs."""
    return set(session.scalars(_STRAGGLERS, {"leads": list(lead_ids)}))
