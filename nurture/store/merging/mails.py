"""Mails of two leads that are merged: the person gets none of them twice."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# A newsletter goes to a person once: under the survivor's key nobody can send it again.
_RENAME = text(
    """
    UPDATE delivery d SET dedup_key = 'newsletter:' || d.newsletter_id || ':' || CAST(:to AS bigint)
    WHERE d.id = ANY(CAST(:ids AS bigint[])) AND d.newsletter_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM delivery o
        WHERE o.dedup_key = 'newsletter:' || d.newsletter_id || ':' || CAST(:to AS bigint)
    )
    RETURNING d.id
    """
)
_DOUBLE_NEWSLETTERS = text(
    """
    SELECT d.id FROM delivery d
    WHERE d.lead_id = :lead AND d.newsletter_id IS NOT NULL
      AND d.state IN ('scheduled', 'ready', 'leased', 'deferred')
      AND EXISTS (
        SELECT FROM delivery o
        WHERE o.lead_id = d.lead_id AND o.newsletter_id = d.newsletter_id AND o.id <> d.id
          AND o.state NOT IN ('cancelled', 'skipped', 'failed')
          AND (o.state NOT IN ('scheduled', 'ready', 'leased', 'deferred') OR o.id < d.id)
      )
    ORDER BY d.id FOR UPDATE
    """
)
_END_DELIVERIES = text(
    """
    UPDATE delivery SET state = :state, reason = 'merged', settled_at = :now, lease_until = NULL
    WHERE id = ANY(CAST(:ids AS bigint[])) AND state IN ('scheduled', 'ready', 'leased', 'deferred')
    RETURNING id
    """
)
# A mail that came to one of the two, and the runs that were the other one's.
_HAD = text(
    """
    SELECT DISTINCT e.id AS run_id, e.pass_no, c.temperature, d.step_key
    FROM delivery d JOIN chain c ON c.id = d.chain_id
    JOIN enrollment e ON e.program_id = d.program_id AND e.lead_id = :lead AND e.id <> d.enrollment_id
    WHERE d.lead_id = :lead AND d.state IN ('sending', 'sent', 'uncertain') AND d.step_key IS NOT NULL
      AND e.state IN ('active', 'resting')
      AND (d.id = ANY(CAST(:deliveries AS bigint[]))) <> (e.id = ANY(CAST(:runs AS bigint[])))
    """
)
_UNSENT_AGAIN = text(
    """
    SELECT d.id FROM delivery d
    JOIN unnest(CAST(:runs AS bigint[]), CAST(:chains AS text[]), CAST(:steps AS text[]))
         AS h (run_id, temperature, step_key) ON h.run_id = d.enrollment_id AND h.step_key = d.step_key
    JOIN chain c ON c.id = d.chain_id AND c.temperature = h.temperature
    WHERE d.state IN ('scheduled', 'ready', 'leased', 'deferred')
    ORDER BY d.id FOR UPDATE OF d
    """
)
_REMEMBER = text("UPDATE enrollment SET data = data || CAST(:data AS jsonb) WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Had:
    """A run in its `pass_no`, and the steps by temperature whose mails its lead has had elsewhere."""

    run_id: int
    pass_no: int
    steps: dict[str, list[str]]


def rename_newsletters(session: Session, delivery_ids: Sequence[str], lead_id: int) -> list[int]:
    """Let deliveries of newsletters be those of this lead by their key, where it had none of its own."""
    given = {"ids": [int(one) for one in delivery_ids], "to": lead_id}
    return list(session.scalars(_RENAME, given))


def double_newsletters(session: Session, lead_id: int) -> list[int]:
    """Unsent mails of newsletters that the lead gets, or got, by another one."""
    return list(session.scalars(_DOUBLE_NEWSLETTERS, {"lead": lead_id}))


def end_deliveries(session: Session, ids: Sequence[int], state: str, *, now: datetime) -> list[int]:
    """End these deliveries before they begin to go out."""
    return list(session.scalars(_END_DELIVERIES, {"ids": list(ids), "state": state, "now": now}))


def had(session: Session, lead_id: int, moved: Mapping[str, Sequence[str]]) -> list[Had]:
    """Of each open run of the lead, the steps whose mails it has had as the other lead; `moved` are the ids
    of what became its own."""
    given = {
        "lead": lead_id,
        "deliveries": [int(one) for one in moved.get("delivery", ())],
        "runs": [int(one) for one in moved.get("enrollment", ())],
    }
    found: dict[int, Had] = {}
    for row in session.execute(_HAD, given):
        mine = found.setdefault(row.run_id, Had(row.run_id, row.pass_no, {}))
        mine.steps.setdefault(row.temperature, []).append(row.step_key)
    return list(found.values())


def unsent_again(session: Session, had: Sequence[Had]) -> list[int]:
    """Deliveries that wait to send what the lead has had, locked."""
    flat = [(one.run_id, name, step) for one in had for name, keys in one.steps.items() for step in keys]
    given = {
        "runs": [run for run, _name, _step in flat],
        "chains": [name for _run, name, _step in flat],
        "steps": [step for _run, _name, step in flat],
    }
    return list(session.scalars(_UNSENT_AGAIN, given)) if flat else []


def remember(session: Session, run_id: int, data: Mapping[str, Any]) -> None:
    """Add to what the steps of a run remember."""
    session.execute(_REMEMBER, {"id": run_id, "data": json.dumps(data)})
