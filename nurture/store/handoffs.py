"""Hand-offs: a ripe lead on its way to sales, and every answer that comes back."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Json, JsonList, Ref

STATES = (
    "waiting",
    "released",
    "accepted",
    "contacted",
    "meeting",
    "later",
    "rejected",
    "won",
    "lost",
    "withdrawn",
)


class Handoff(Base):
    """One ripening of one lead. `cause`: threshold, direct_request, bant, step, hand. The scores are as
    they stood when it ripened."""

    __tablename__ = "handoff"
    __table_args__ = (
        UniqueConstraint("lead_id", "ripening_no"),
        Index("ix_handoff_waiting", "score", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_handoff_state_id", "state", "id"),
        Index("ix_handoff_owner_id", "owner_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
    )

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    ripening_no: Mapped[int]
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"))
    cause: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    score: Mapped[float]
    rise: Mapped[float]
    reasons: Mapped[JsonList]
    temperature: Mapped[str]
    heat: Mapped[float]
    grade: Mapped[str | None]
    bant: Mapped[Json]
    priority: Mapped[Flag]
    owner_id: Mapped[Ref | None] = mapped_column(ForeignKey("user_account.id"))
    ready_at: Mapped[Instant]
    released_at: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]
    contacted_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    revised_at: Mapped[Instant | None]


class HandoffOutcome(Base):
    """One answer of sales. Appended only."""

    __tablename__ = "handoff_outcome"
    __table_args__ = (Index("ix_handoff_outcome_handoff_id", "handoff_id"),)

    id: Mapped[Id]
    handoff_id: Mapped[Ref] = mapped_column(ForeignKey("handoff.id"))
    outcome: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str | None]
    happens_at: Mapped[Instant | None]
    note: Mapped[str] = mapped_column(server_default="")
    at: Mapped[Instant]
    by: Mapped[str]
