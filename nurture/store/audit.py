"""The audit log: who did what to which thing, when. The database refuses to change or delete a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json

_AT_ONCE = 1_000


class AuditEntry(Base):
    """One line. `actor` is user:7, key:3, terminal, system or visitor
    (somebody who is not signed in); `subject` a kind and an id; `kind` the part
    of `action` before its dot. Appended only."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_kind_id", "kind", "id"),
        Index("ix_audit_entry_actor_id", "actor", "id"),
    )

    id: Mapped[Id]
    at: Mapped[Instant]
    actor: Mapped[str]
    action: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="")
    subject: Mapped[str]
    detail: Mapped[Json]


@dataclass(frozen=True)
class Wanted:
    """Which lines: empty and None mean all. From `since` on and before `until`."""

    actor: str = ""
    kind: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def audit(
    session: Session,
    actor: str,
    action: str,
    subject: str,
    *,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down who did what to which thing, in the transaction that does it. No secrets and no addresses
    in `detail`; what was and what is go in as {"role": ["viewer", "admin"]}."""
    kind = action.partition(".")[0]
    session.add(
        AuditEntry(at=now, actor=actor, action=action, kind=kind, subject=subject, detail=detail or {})
    )


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs, as `detail` keeps it."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def page(session: Session, wanted: Wanted, *, before: int | None, limit: int) -> list[AuditEntry]:
    """Lines, newest first, those before the id of the last one seen."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    if wanted.actor:
        query = query.where(AuditEntry.actor == wanted.actor)
    if wanted.kind:
        query = query.where(AuditEntry.kind == wanted.kind)
    if wanted.subject:
        query = query.where(AuditEntry.subject == wanted.subject)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    return list(session.scalars(query))


def all_of(session: Session, wanted: Wanted) -> Iterator[AuditEntry]:
    """Every wanted line, newest first, read a thousand at a time."""
    before: int | None = None
    while rows := page(session, wanted, before=before, limit=_AT_ONCE):
        yield from rows
        before = rows[-1].id
        session.expunge_all()


def kinds(session: Session) -> list[str]:
    """The kinds there are: a few looks into the index, however long the log is (a loose index scan)."""
    found: list[str] = []
    while True:
        query = select(AuditEntry.kind).order_by(AuditEntry.kind).limit(1)
        last = session.scalar(query.where(AuditEntry.kind > found[-1]) if found else query)
        if last is None:
            return found
        found.append(last)
