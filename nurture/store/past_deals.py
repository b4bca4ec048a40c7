"""Deals that ended, as a back-test looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Ended:
    """The last hand-off of a lead that was won or lost; `bant` as it was handed over."""

    lead_id: int
    won: bool
    handed_at: datetime
    ended_at: datetime
    bant: Mapping[str, Any]
    grade_override: str | None


_ENDED = text(
    """
    SELECT lead_id, state = 'won' AS won, handed_at, ended_at, bant, grade_override
    FROM (
        SELECT DISTINCT ON (h.lead_id) h.lead_id, h.state, coalesce(h.released_at, h.ready_at) AS handed_at,
               coalesce(h.closed_at, h.released_at, h.ready_at) AS ended_at, h.bant, l.grade_override
        FROM handoff h JOIN lead l ON l.id = h.lead_id
        WHERE h.state IN ('won', 'lost') AND l.erased_at IS NULL AND NOT l.is_test
        ORDER BY h.lead_id, h.ripening_no DESC
    ) last
    ORDER BY ended_at DESC LIMIT :limit
    """
)


def lately(session: Session, *, limit: int) -> list[Ended]:
    """The latest first."""
    return [Ended(**row._mapping) for row in session.execute(_ENDED, {"limit": limit})]
