"""The audit log as it is shown: lines with the names of who did it and to whom."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nurture.store import audit
from nurture.store.audit import AuditEntry, Wanted
from nurture.store.users import ApiKey, User


@dataclass(frozen=True)
class Line:
    """One line. `actor_name` and `subject_name` are names of users and keys, "" for anything else."""

    id: int
    at: datetime
    actor: str
    actor_name: str
    action: str
    subject: str
    subject_name: str
    detail: dict[str, Any]


def page(session: Session, wanted: Wanted, *, before: int | None, limit: int) -> list[Line]:
    """Lines, newest first: three statements."""
    return list(_named(session, audit.page(session, wanted, before=before, limit=limit)))


def every(session: Session, wanted: Wanted) -> Iterator[Line]:
    """All wanted lines, newest first, however many there are."""
    names = _names(session)
    return (_line(row, names) for row in audit.all_of(session, wanted))


def people(session: Session) -> list[tuple[str, str]]:
    """Who may have done something, as (actor, name): users, then keys."""
    return sorted(_names(session).items(), key=lambda pair: (pair[0].startswith("key:"), pair[1].lower()))


def _named(session: Session, rows: Iterable[AuditEntry]) -> Iterator[Line]:
    names = _names(session)
    return (_line(row, names) for row in rows)


def _line(row: AuditEntry, names: dict[str, str]) -> Line:
    return Line(
        row.id,
        row.at,
        row.actor,
        names.get(row.actor, ""),
        row.action,
        row.subject,
        names.get(row.subject, ""),
        row.detail,
    )


def _names(session: Session) -> dict[str, str]:
    """Names of all users and keys: a company has dozens of either."""
    users = session.execute(select(User.id, User.name)).all()
    keys = session.execute(select(ApiKey.id, ApiKey.name)).all()
    return {f"user:{number}": name for number, name in users} | {
        f"key:{number}": name for number, name in keys
    }
