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
    SET state = 'cancelled', reason = :reason, settled_at = :now, lease_until = NULL,
        consent_id = coalesce(
            (SELECT c.consent_id FROM lead_consent c
             WHERE c.lead_id = d.lead_id AND c.purpose = d.consent_purpose AND NOT c.granted),
            d.consent_id)
    FROM waiting WHERE d.id = waiting.id
    RETURNING d.id
    """
)


def call_off(
    session: Session, lead_id: int, purposes: Sequence[str], reason: str, *, now: datetime
) -> list[int]:
    """Cancel the lead's mails for these purposes that are not being sent yet; their ids. Where a withdrawal
    stands in the ledger, they name it as the entry that they rest on."""
    values = {"lead_id": lead_id, "purposes": list(purposes), "reason": reason, "now": now}
    return sorted(session.scalars(_CALL_OFF, values))
