"""What people decide about a lead's scores by hand: the grade with its reason, the date to come back."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_GRADE = text(
    """
    UPDATE lead SET grade_override = :grade, grade_override_reason = :reason, updated_at = :now
    FROM (
        SELECT id, grade_override AS old FROM lead WHERE id = :id AND erased_at IS NULL FOR NO KEY UPDATE
    ) was
    WHERE lead.id = was.id RETURNING was.old
    """
)
_FUTURE = text(
    """
    UPDATE lead SET future_at = :at, updated_at = :now
    FROM (
        SELECT id, future_at AS old FROM lead WHERE id = :id AND erased_at IS NULL FOR NO KEY UPDATE
    ) was
    WHERE lead.id = was.id RETURNING was.old
    """
)
_DUE = text(
    """
    SELECT id, future_at FROM lead WHERE future_at <= :now AND erased_at IS NULL
    ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
    """
)
_WAKE = text("UPDATE lead SET future_at = NULL, updated_at = :now WHERE id = ANY(:leads)")


def by_hand(lead: str) -> str:
    """SQL of why a person set the grade of a lead ("" where no reason was kept); NULL where the scorecard
    gives it. `lead` is the name of the table or its alias."""
    return f"CASE WHEN {lead}.grade_override IS NOT NULL THEN coalesce({lead}.grade_override_reason, '') END"


def set_grade(
    session: Session, lead_id: int, grade: str | None, reason: str | None, *, now: datetime
) -> tuple[bool, str | None]:
    """Whether there is such a lead, and the grade that stood there by hand before."""
    given = {"id": lead_id, "grade": grade, "reason": reason, "now": now}
    row = session.execute(_GRADE, given).one_or_none()
    return (False, None) if row is None else (True, row.old)


def grade_reason(session: Session, lead_id: int) -> str | None:
    """Why a person set the grade; None where the scorecard gives it."""
    given = text("SELECT grade_override_reason FROM lead WHERE id = :id AND grade_override IS NOT NULL")
    return session.execute(given, {"id": lead_id}).scalar_one_or_none()


def set_future(
    session: Session, lead_id: int, at: datetime | None, *, now: datetime
) -> tuple[bool, datetime | None]:
    """Whether there is such a lead, and the date before."""
    row = session.execute(_FUTURE, {"id": lead_id, "at": at, "now": now}).one_or_none()
    return (False, None) if row is None else (True, row.old)


def claim_due(session: Session, *, now: datetime, limit: int) -> dict[int, datetime]:
    """Leads whose date has come, locked, with that date."""
    return {row.id: row.future_at for row in session.execute(_DUE, {"now": now, "limit": limit})}


def wake(session: Session, lead_ids: list[int], *, now: datetime) -> None:
    """They wait for no date any more."""
    session.execute(_WAKE, {"leads": lead_ids, "now": now})
