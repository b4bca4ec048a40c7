"""Heat models: named, versioned, one of them the default."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class HeatModelRow(Base):
    """A named model; `live_version_id` is the version that rates."""

    __tablename__ = "heat_model"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    live_version_id: Mapped[Ref | None]
    created_at: Mapped[Instant]


class HeatModelVersion(Base):
    """An immutable version: the file as written and the parsed values."""

    __tablename__ = "heat_model_version"
    __table_args__ = (UniqueConstraint("model_id", "no"),)

    id: Mapped[Id]
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"))
    no: Mapped[int]
    source: Mapped[str]
    spec: Mapped[Json]
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[Instant | None]
