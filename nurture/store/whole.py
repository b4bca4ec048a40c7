"""The database as a whole: one view of it for a backup, and what must be put right after a restore."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.store.rowcount import written


@dataclass(frozen=True)
class View:
    """One moment of the whole database, for others to look at under the name `snapshot`."""

    snapshot: str
    schema: str
    postgres: str
    leads: int


@dataclass(frozen=True)
class Doubtful:
    """A delivery that may have gone out, under a lease of ours."""

    id: int
    token: int


_VIEW = text(
    """
    SELECT pg_export_snapshot() AS snapshot, (SELECT version_num FROM alembic_version) AS schema,
           current_setting('server_version') AS postgres,
           (SELECT count(*) FROM lead WHERE erased_at IS NULL) AS leads
    """
)
# What was made after the backup had numbers that stand in mails, links and other programs.
_LOST_NUMBERS = 1_000_000
_LEAVE_ROOM = text(
    """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass,
                  coalesce(last_value, 0) + :room)
    FROM pg_sequences WHERE schemaname = 'public'
    """
)
_DOUBT = text(
    """
    UPDATE delivery
    SET state = 'sending', lease_token = lease_token + 1, lease_until = clock_timestamp(),
        first_tried_at = coalesce(first_tried_at, :now)
    WHERE id IN (
        SELECT id FROM delivery
        WHERE state IN ('leased', 'sending')
           OR (:due AND state IN ('scheduled', 'ready', 'deferred') AND due_at <= :now)
        ORDER BY id LIMIT :limit
    )
    RETURNING id, lease_token
    """
)
_PAUSE = text(
    """
    UPDATE newsletter SET state = 'paused', updated_at = :now
    WHERE state = 'sending' OR (state = 'scheduled' AND starts_at <= :now)
    """
)


@contextmanager
def seen_at_once(sessions: sessionmaker[Session]) -> Iterator[View]:
    """The database at one moment, for as long as the block lasts; writers are not held up."""
    with sessions() as session:
        how = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        session.connection(execution_options=how)
        yield View(**session.execute(_VIEW).mappings().one())
        session.rollback()


def leave_room(session: Session) -> None:
    """Give no number again that something which is lost may have had: a link in a lost mail would then
    belong to somebody else."""
    session.execute(_LEAVE_ROOM, {"room": _LOST_NUMBERS})


def pause_newsletters(session: Session, *, now: datetime) -> int:
    """Newsletters that go out, or should have begun to, wait for a person; how many."""
    return written(session, _PAUSE, {"now": now})


def take_doubtful(session: Session, *, due: bool, now: datetime, limit: int) -> Sequence[Doubtful]:
    """Up to `limit` mails that were under way (with `due`, those too that were due), leased to the caller."""
    rows = session.execute(_DOUBT, {"due": due, "now": now, "limit": limit})
    return [Doubtful(row.id, row.lease_token) for row in rows]
