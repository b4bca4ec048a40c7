"""Imports of leads: their options, progress, result, and the rows staged on the way."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Json, JsonList, Ref


class Import(Base):
    """One file of leads. `state`: staged, running, done, failed. `summary` counts what came of the rows
    and why some may not be mailed; `bad_rows_path` is the file handed back, below the home folder."""

    __tablename__ = "lead_import"

    id: Mapped[Id]
    filename: Mapped[str]
    file_hash: Mapped[str] = mapped_column(server_default="")
    options: Mapped[Json]
    state: Mapped[str] = mapped_column(server_default="staged")
    rows_read: Mapped[int] = mapped_column(server_default="0")
    rows_total: Mapped[int | None]
    summary: Mapped[Json]
    error: Mapped[str | None]
    bad_rows_path: Mapped[str | None]
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]


class ImportRow(Base):
    """A row of a file between reading and the one statement that takes them all. UNLOGGED: a crash
    loses only what would be read again."""

    __tablename__ = "import_row"
    __table_args__ = (
        Index("ix_import_row_import_id_email_norm", "import_id", "email_norm"),
        {"prefixes": ["UNLOGGED"]},
    )

    import_id: Mapped[Ref] = mapped_column(ForeignKey("lead_import.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None]
    email_norm: Mapped[str | None]
    phone: Mapped[str | None]
    values: Mapped[Json]
    warnings: Mapped[JsonList]
    lead_id: Mapped[Ref | None]
