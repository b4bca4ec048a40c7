"""Companies: several leads may belong to one."""

from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Json


class Company(Base):
    """`folded` is the name as Python folds it (rules/folding.py); it finds the company again."""

    __tablename__ = "company"

    id: Mapped[Id]
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    industry: Mapped[str | None]
    website: Mapped[str | None]
    country: Mapped[str | None]
    city: Mapped[str | None]
    fields: Mapped[Json]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
