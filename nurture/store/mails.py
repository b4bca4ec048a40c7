"""Mails: the content, in immutable versions."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class MailRow(Base):
    """A mail of a program, or of the engine itself (program_id NULL): stable across versions."""

    __tablename__ = "mail"
    __table_args__ = (UniqueConstraint("program_id", "key", postgresql_nulls_not_distinct=True),)

    id: Mapped[Id]
    program_id: Mapped[Ref | None] = mapped_column(ForeignKey("program.id"))
    key: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[Instant]


class MailVersion(Base):
    """The words as written and what they compile to (mail/compile.py). Immutable."""

    __tablename__ = "mail_version"
    __table_args__ = (UniqueConstraint("mail_id", "no"),)

    id: Mapped[Id]
    mail_id: Mapped[Ref] = mapped_column(ForeignKey("mail.id"))
    no: Mapped[int]
    source: Mapped[Json]
    source_hash: Mapped[str]
    subject: Mapped[str]
    compiled: Mapped[Json]
    created_at: Mapped[Instant]
