"""Past deals among the rows of a file: who was won, who was lost, and since when."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store.stages import StageMove

# A past deal stands where it ended (r is its row), since the day the file gives it, if that day has come.
STAGE = "CASE r.values ->> 'outcome' WHEN 'won' THEN 'customer' WHEN 'lost' THEN 'lost' ELSE 'lead' END"
SINCE = """
    CASE WHEN r.values ->> 'outcome' IN ('won', 'lost')
        THEN least(:now, CAST((r.values ->> 'outcome_at') || 'T00:00:00Z' AS timestamptz)) ELSE :now END
"""
# Whom sales has already, or has answered for, stands where sales put them.
_ENDED = text(
    f"""
    SELECT r.lead_id, {STAGE} AS stage FROM import_row r JOIN lead l ON l.id = r.lead_id
    WHERE r.import_id = :id AND r.lead_id > 0 AND r.values ->> 'outcome' IN ('won', 'lost')
      AND l.stage IN ('inquiry', 'lead')
    ORDER BY r.lead_id
    """
)
_COUNTS = text(
    """
    SELECT values ->> 'outcome' AS outcome, count(*) AS n FROM import_row
    WHERE import_id = :id AND values ->> 'outcome' IN ('won', 'lost') GROUP BY 1
    """
)


def ended(session: Session, import_id: int) -> list[StageMove]:
    """The moves of known leads whose deal ended, as the rows say, and who are still being nurtured."""
    rows = session.execute(_ENDED, {"id": import_id})
    return [StageMove(row.lead_id, row.stage, "imported") for row in rows]


def counts(session: Session, import_id: int) -> dict[str, int]:
    """Of how many leads the rows say that their deal was won, and lost."""
    return {row.outcome: row.n for row in session.execute(_COUNTS, {"id": import_id})}
