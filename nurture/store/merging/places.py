"""Places of two leads in lines and on lists: one person has one of each."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_WAITS = (
    text(
        """
        DELETE FROM newsletter_wait w
        WHERE w.lead_id = :to AND EXISTS (
            SELECT FROM delivery d WHERE d.lead_id = :to AND d.newsletter_id = w.newsletter_id
        )
        """
    ),
    text(
        """
        INSERT INTO newsletter_wait (newsletter_id, lead_id, due_at, reason)
        SELECT w.newsletter_id, :to, w.due_at, w.reason FROM newsletter_wait w
        WHERE w.lead_id = :from AND NOT EXISTS (
            SELECT FROM delivery d WHERE d.lead_id = :to AND d.newsletter_id = w.newsletter_id
        )
        ON CONFLICT (newsletter_id, lead_id) DO NOTHING
        """
    ),
    text("DELETE FROM newsletter_wait WHERE lead_id = :from"),
)
_PAUSE = text(
    """
    INSERT INTO lead_pause (lead_id, until, at)
    SELECT :to, until, at FROM lead_pause WHERE lead_id = :from
    ON CONFLICT (lead_id) DO UPDATE SET until = greatest(lead_pause.until, excluded.until)
    """
)
_GUESTS = text(
    """
    UPDATE event_guest g SET lead_id = :to
    WHERE g.lead_id = :from
      AND (CAST(:events AS bigint[]) IS NULL OR g.event_id = ANY(CAST(:events AS bigint[])))
      AND NOT EXISTS (SELECT FROM event_guest o WHERE o.event_id = g.event_id AND o.lead_id = :to)
    RETURNING g.event_id
    """
)
_TWICE_ON_A_LIST = text("DELETE FROM event_guest g WHERE g.lead_id = :from RETURNING to_jsonb(g) AS was")
_GUESTS_BACK = text(
    """
    INSERT INTO event_guest
    SELECT * FROM jsonb_populate_recordset(CAST(NULL AS event_guest), CAST(:rows AS jsonb))
    ON CONFLICT DO NOTHING
    """
)


def take(session: Session, from_id: int, to_id: int) -> dict[str, Any]:
    """Places in lines and on lists, and a pause of one's own, become the other's; what is kept for undo."""
    ids = {"from": from_id, "to": to_id}
    for statement in (*_WAITS, _PAUSE):
        session.execute(statement, ids)
    events = list(session.scalars(_GUESTS, {**ids, "events": None}))
    return {"events": events, "twice": list(session.scalars(_TWICE_ON_A_LIST, ids))}


def give_back(session: Session, from_id: int, to_id: int, kept: Mapping[str, Any]) -> None:
    """The places on lists that `take` took."""
    session.execute(_GUESTS, {"from": from_id, "to": to_id, "events": list(kept.get("events", ()))})
    session.execute(_GUESTS_BACK, {"rows": json.dumps(list(kept.get("twice", ())))})
