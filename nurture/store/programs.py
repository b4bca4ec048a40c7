"""Programs, their immutable versions, and the chain of each temperature."""

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class ProgramRow(Base):
    """A nurture program. `state` is draft (never published), live or paused."""

    __tablename__ = "program"
    __table_args__ = (CheckConstraint("state IN ('draft', 'live', 'paused')", name="state"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    purpose: Mapped[str] = mapped_column(server_default="marketing")
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"))
    live_version_id: Mapped[Ref | None]
    draft_version_id: Mapped[Ref | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    paused_at: Mapped[Instant | None]


class ProgramVersion(Base):
    """One version: `source` holds the files as written, by path; `spec` the parsed program. Immutable."""

    __tablename__ = "program_version"
    __table_args__ = (UniqueConstraint("program_id", "no"),)

    id: Mapped[Id]
    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"))
    no: Mapped[int]
    source: Mapped[Json]
    source_hash: Mapped[str]
    spec: Mapped[Json]
    mails: Mapped[Json]  # mail key -> mail_version id
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[Instant | None]


class ChainRow(Base):
    """The chain of one temperature of a program: a stable id across versions."""

    __tablename__ = "chain"
    __table_args__ = (
        UniqueConstraint("program_id", "temperature"),
        CheckConstraint("temperature IN ('cold', 'warm', 'hot')", name="temperature"),
    )

    id: Mapped[Id]
    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"))
    temperature: Mapped[str]
    paused_at: Mapped[Instant | None]
