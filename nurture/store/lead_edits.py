"""What people changed about a lead by hand, with what stood there before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class LeadEdit(Base):
    """`changes` is {name: [before, after]}; cleared when the person is erased."""

    __tablename__ = "lead_edit"
    __table_args__ = (Index("ix_lead_edit_lead_id_id", "lead_id", "id"),)

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    at: Mapped[Instant]
    by: Mapped[str]
    changes: Mapped[Json]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change; `who` is the name of the user, or how the door calls itself."""

    at: datetime
    who: str
    changes: dict[str, Any]


_LATELY = text(
    """
    SELECT e.at, coalesce(u.name, e.by) AS who, e.changes FROM lead_edit e
    LEFT JOIN user_account u ON e.by = 'user:' || u.id
    WHERE e.lead_id = :lead AND e.by <> 'readiness' ORDER BY e.id DESC LIMIT :limit
    """
)


def note(session: Session, lead_id: int, changes: dict[str, Any], *, by: str, now: datetime) -> None:
    if changes:
        session.add(LeadEdit(lead_id=lead_id, at=now, by=by, changes=changes))


def lately(session: Session, lead_id: int, *, limit: int = 20) -> list[Edit]:
    """The latest first; what a date that came did by itself is none of a person's changes."""
    return [Edit(*row) for row in session.execute(_LATELY, {"lead": lead_id, "limit": limit})]
