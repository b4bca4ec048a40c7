"""Which secret keys have signed for this database: marks that tell keys apart and give none away. They
stand in the audit log, which is appended only."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store import users

_USED, _FORGOTTEN = "installation.key_used", "installation.keys_forgotten"
_KNOWN = text(
    """
    SELECT DISTINCT detail ->> 'mark' FROM audit_entry
    WHERE action = :used
      AND id > coalesce((SELECT max(id) FROM audit_entry WHERE action = :forgotten), 0)
    """
)


def known(session: Session) -> set[str]:
    """The marks of all keys that have signed since they were last forgotten."""
    return set(session.scalars(_KNOWN, {"used": _USED, "forgotten": _FORGOTTEN}))


def keep(session: Session, marks: Iterable[str], *, now: datetime) -> None:
    for mark in marks:
        users.audit(session, "host", _USED, "installation", now=now, detail={"mark": mark})


def forget(session: Session, *, by: str, now: datetime) -> None:
    """As if no key had signed yet."""
    users.audit(session, by, _FORGOTTEN, "installation", now=now)
    session.flush()
