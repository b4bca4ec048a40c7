"""Deliveries called off before they begin to go out, because their lead wants no more of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_CALL_OFF = text(
    """
    WITH waiting AS (
        SELECT id FROM delivery
        WHERE lead_id = :lead_id AND consent_purpose = ANY(CAST(:purposes AS text[]))
          AND state IN ('scheduled', 'ready', 'leased', 'deferred')
        ORDER BY id
        FOR UPDATE
    )
    UPDATE delivery d
    SET state = 'cancelled', reason = :reason, settled_at = :now, lease_until = NULL
    FROM waiting WHERE d.id = waiting.id
    RETURNING d.id
    """
)


def call_off(
    session: Session, lead_id: int, purposes: Sequence[str], reason: str, *, now: datetime
) -> list[int]:
    """Cancel the lead's mails for these purposes that are not being sent yet; their ids."""
    values = {"lead_id": lead_id, "purposes": list(purposes), "reason": reason, "now": now}
    return sorted(session.scalars(_CALL_OFF, values))
