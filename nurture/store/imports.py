"""Imports of leads: their options, progress, result, and the rows staged on the way."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from nurture.store.base import Base, Id, Instant, Json, JsonList, Ref


class Import(Base):
    """One file of leads. `state`: draft (a person is choosing), checking (to be tried), staged, running,
    done, failed. `summary` counts what came of the rows
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


_LOCK_SPACE = 0x1EAD


def find_resumable(session: Session, file_hash: str, options: Mapping[str, Any]) -> Import | None:
    """An import of the same file with the same options that was begun and not finished."""
    return session.scalars(
        select(Import)
        .where(
            Import.file_hash == file_hash,
            Import.options == dict(options),
            Import.state.in_(("staged", "running")),
        )
        .order_by(Import.id.desc())
        .limit(1)
    ).first()


def unfinished(session: Session) -> list[int]:
    """Imports that were begun, or are to be tried, and are not finished; oldest first."""
    query = (
        select(Import.id)
        .where(Import.state.in_(("checking", "staged", "running")))
        .order_by(Import.id)
        .limit(100)
    )
    return list(session.scalars(query))


@contextmanager
def turn(sessions: sessionmaker[Session], import_id: int) -> Iterator[bool]:
    """Whether this process may carry out the import: one at a time. The lock lives on a connection of its
    own, outside any transaction, and dies with it."""
    key = {"space": _LOCK_SPACE, "id": import_id % 2**31}
    engine = sessions.kw["bind"]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:space, :id)"), key))
        try:
            yield mine
        finally:
            if mine:
                connection.execute(text("SELECT pg_advisory_unlock(:space, :id)"), key)


def recent(session: Session, *, before: int | None = None, limit: int = 50) -> list[Import]:
    """Imports, newest first."""
    query = select(Import).order_by(Import.id.desc()).limit(limit)
    return list(session.scalars(query.where(Import.id < before) if before is not None else query))
