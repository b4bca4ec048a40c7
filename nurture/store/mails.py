"""Mails: the content, in immutable versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import links
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


@dataclass(frozen=True)
class NewVersion:
    """What a compiled mail leaves in the database. `links` are (no, url, label)."""

    key: str
    name: str
    subject: str
    source: Mapping[str, Any]
    source_hash: str
    compiled: Mapping[str, Any]
    links: Sequence[tuple[int, str, str]]


@dataclass(frozen=True)
class StoredVersion:
    """A version as sending needs it: `link_ids` by the link's number in the mail; `sender` is in whose name
    the mail says it goes out, "" where it says nothing."""

    id: int
    mail_id: int
    program_id: int | None
    key: str
    compiled: Mapping[str, Any]
    link_ids: Mapping[int, int]
    sender: str = ""


def keep_version(session: Session, program_id: int | None, version: NewVersion, *, now: datetime) -> int:
    """The id of the mail's version with these words, made if its latest one differs. The mail's row is
    locked, so that two loads at once number their versions one after the other."""
    mail_id = _mail_for_update(session, program_id, version, now)
    latest = session.execute(
        select(MailVersion.id, MailVersion.no, MailVersion.source_hash)
        .where(MailVersion.mail_id == mail_id)
        .order_by(MailVersion.no.desc())
        .limit(1)
    ).first()
    if latest is not None and latest.source_hash == version.source_hash:
        return int(latest.id)
    row = MailVersion(
        mail_id=mail_id,
        no=latest.no + 1 if latest is not None else 1,
        source=dict(version.source),
        source_hash=version.source_hash,
        subject=version.subject,
        compiled=dict(version.compiled),
        created_at=now,
    )
    session.add(row)
    session.flush()
    links.add(session, row.id, version.links)
    return row.id


def _mail_for_update(session: Session, program_id: int | None, version: NewVersion, now: datetime) -> int:
    statement = insert(MailRow).values(
        program_id=program_id, key=version.key, name=version.name, created_at=now
    )
    statement = statement.on_conflict_do_update(
        index_elements=["program_id", "key"], set_={"name": statement.excluded.name}
    )
    return session.execute(statement.returning(MailRow.id)).scalar_one()


def stored_version(session: Session, version_id: int) -> StoredVersion | None:
    """The version with its link ids, or None."""
    row = session.execute(
        select(MailVersion, MailRow.program_id, MailRow.key).join(MailRow).where(MailVersion.id == version_id)
    ).first()
    if row is None:
        return None
    return StoredVersion(
        id=version_id,
        mail_id=row.MailVersion.mail_id,
        program_id=row.program_id,
        key=row.key,
        compiled=row.MailVersion.compiled,
        link_ids=links.ids_of(session, version_id),
        sender=row.MailVersion.source.get("sender", ""),
    )


def sender_said(session: Session, version_id: int) -> str:
    """In whose name a version says it goes out, "" where it says nothing."""
    query = select(MailVersion.source["sender"].astext).where(MailVersion.id == version_id)
    return session.scalar(query) or ""


def newest_version(session: Session, mail_id: int) -> int | None:
    """The newest version of a mail; None when there is no such mail."""
    return session.scalar(select(func.max(MailVersion.id)).where(MailVersion.mail_id == mail_id))
