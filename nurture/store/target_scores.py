"""Target scores: regressions fitted on the company's own outcomes, and what they were worth."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Json


class TargetScore(Base):
    """One training. `spec` is the fitted model (rules/target), `report` what it reached on leads it had not
    seen and what was left out; at most one is `active`."""

    __tablename__ = "target_score"
    __table_args__ = (
        Index("uq_target_score_active", "active", unique=True, postgresql_where=text("active")),
    )

    id: Mapped[Id]
    trained_at: Mapped[Instant]
    trained_by: Mapped[str] = mapped_column(server_default="")
    active: Mapped[Flag]
    spec: Mapped[Json]
    report: Mapped[Json]
