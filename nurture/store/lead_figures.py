"""Figures over all leads (by source, by tag, by field), kept beside the leads once these are many."""

from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Instant, Json


class LeadFigure(Base):
    """The figures of one source, tag or field (`kind` and `key`), as they were at `at`."""

    __tablename__ = "lead_figure"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    figures: Mapped[Json]
    at: Mapped[Instant]
