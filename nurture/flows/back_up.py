"""A backup of everything that cannot be made anew, while the engine goes on."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from nurture.files import backup
from nurture.files.backup import Contents
from nurture.flows.agree_on_keys import marks_of
from nurture.rules.tokens import KeyRing
from nurture.store import users, whole

MADE = "installation.backup_made"


def back_up(
    sessions: sessionmaker[Session],
    dump: Callable[[str], Iterable[bytes]],
    path: Path,
    *,
    pepper: bytes,
    ring: KeyRing,
    with_keys: bool,
    by: str,
    now: datetime,
    progress: Callable[[int], None] = lambda written: None,
) -> tuple[Contents, int]:
    """Write the database as it is at one moment, the pepper and, `with_keys`, the secret keys to `path`;
    what is in it, and its size. `dump` gives the bytes of the database as an exported snapshot shows it.
    Raises Conflict when the file is there."""
    with whole.seen_at_once(sessions) as view:
        contents = Contents(now, view.schema, view.leads, view.postgres, tuple(marks_of(ring)))
        keys = ring.keys if with_keys else ()
        size = backup.write(path, contents, dump(view.snapshot), pepper, keys, progress=progress)
    with sessions.begin() as session:
        users.audit(session, by, MADE, "installation", now=now, detail={"bytes": size})
    return contents, size
