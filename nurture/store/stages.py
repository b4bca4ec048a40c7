"""The funnel's record: every move of a stage, with its reason."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Ref


class StageChange(Base):
    """A lead moved from one stage to another. Appended only; `by` is a user, a key or a flow."""

    __tablename__ = "stage_change"
    __table_args__ = (Index("ix_stage_change_lead_id_at", "lead_id", "at"), Index("ix_stage_change_at", "at"))

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    at: Mapped[Instant]
    old: Mapped[str | None]
    new: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
