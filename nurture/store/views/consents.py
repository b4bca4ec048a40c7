"""The ledger of consent as proof: what was agreed to, how it is known, and which mails rested on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class ConsentProof:
    """One entry of the ledger. `holds` whether it is what counts now; `mails` how many mails rested on it,
    from `first_sent_at` to `last_sent_at`."""

    id: int
    lead_id: int
    purpose: str
    state: str
    at: datetime
    channel: str
    wording: str
    proof: dict[str, Any]
    holds: bool
    mails: int
    first_sent_at: datetime | None
    last_sent_at: datetime | None


_PAGE = text(
    """
    SELECT c.id, c.lead_id, c.purpose, c.state, c.at, c.channel, c.wording, c.proof,
           h.consent_id IS NOT NULL AS holds, m.n AS mails, m.first_sent_at, m.last_sent_at
    FROM consent c
    LEFT JOIN lead_consent h ON h.lead_id = c.lead_id AND h.purpose = c.purpose AND h.consent_id = c.id
    LEFT JOIN LATERAL (
        SELECT count(*) AS n, min(d.sent_at) AS first_sent_at, max(d.sent_at) AS last_sent_at
        FROM delivery d
        WHERE d.lead_id = coalesce((SELECT lead_id FROM lead_alias WHERE alias_id = c.lead_id), c.lead_id)
          AND d.consent_id = c.id AND d.sent_at IS NOT NULL
    ) m ON true
    WHERE (CAST(:lead_id AS bigint) IS NULL OR c.lead_id = :lead_id
           OR c.lead_id IN (SELECT alias_id FROM lead_alias WHERE lead_id = :lead_id))
      AND (CAST(:before AS bigint) IS NULL OR c.id < :before)
      AND (CAST(:id AS bigint) IS NULL OR c.id = :id)
    ORDER BY c.id DESC LIMIT :limit
    """
)


def page(session: Session, *, lead_id: int | None, before: int | None, limit: int) -> list[ConsentProof]:
    """Entries, newest first, those before the id of the last one seen."""
    given = {"lead_id": lead_id, "before": before, "limit": limit, "id": None}
    return [ConsentProof(**row) for row in session.execute(_PAGE, given).mappings()]


def one(session: Session, consent_id: int) -> ConsentProof:
    """A single entry, which is there."""
    given = {"lead_id": None, "before": None, "limit": 1, "id": consent_id}
    return ConsentProof(**session.execute(_PAGE, given).mappings().one())
