"""Mails that compete for the last place under a cap: those that wait for it and whose time has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail to a lead that a cap held back until now: of the run of a program (`run_id`, `program_id`)
    or of a newsletter with its `priority`."""

    lead_id: int
    run_id: int | None
    program_id: int | None
    priority: int | None


_WAITING = text(
    """
    SELECT e.lead_id, e.id AS run_id, e.program_id, CAST(NULL AS int) AS priority
    FROM enrollment e JOIN chain c ON c.id = e.chain_id
    WHERE e.lead_id = ANY(:lead_ids) AND e.state = 'active' AND e.due_reason = 'frequency'
      AND e.due_at <= :now AND c.paused_at IS NULL
    UNION ALL
    SELECT w.lead_id, NULL, NULL, n.priority
    FROM newsletter n JOIN newsletter_wait w ON w.newsletter_id = n.id
    WHERE n.state = 'sending' AND n.id IS DISTINCT FROM :but
      AND w.lead_id = ANY(:lead_ids) AND w.reason = 'frequency' AND w.due_at <= :now
    """
)


def waiting(
    session: Session, lead_ids: Sequence[int], *, now: datetime, but: int | None = None
) -> list[WaitingMail]:
    """Mails to these leads that only the cap held back, and that may go now; those of the newsletter `but`
    are left out."""
    values = {"lead_ids": list(lead_ids), "now": now, "but": but}
    return [WaitingMail(**row) for row in session.execute(_WAITING, values).mappings()]
