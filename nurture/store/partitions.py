"""Monthly partitions of signals and hits, made ahead of time, and the alarm when a row found none."""

from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import text
from sqlalchemy.orm import Session

TABLES = ("signal", "hit")
MONTHS_AHEAD = 3
_LOCK = 7_268_541_002


def ensure(session: Session, *, now: datetime) -> list[str]:
    """Make the partitions of last month, this one and three ahead; names of those that were new.

    A month whose rows already lie in the default partition cannot get one of its own until a person
    moves them: it is left out here, and `stray_rows` raises the alarm.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    there = set(session.scalars(text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")))
    made = []
    for table in TABLES:
        for first, after in _months(now):
            name = f"{table}_y{first:%Y}m{first:%m}"
            if name not in there and not _holds(session, table, first, after):
                _make(session, table, name, first, after)
                made.append(name)
    return made


def stray_rows(session: Session) -> dict[str, bool]:
    """For each table whether any row lies in the default partition."""
    query = "SELECT EXISTS (SELECT FROM {table}_default)"
    return {table: bool(session.scalar(text(query.format(table=table)))) for table in TABLES}


def _months(now: datetime) -> list[tuple[datetime, datetime]]:
    start = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 2
    firsts = [
        datetime((start + n) // 12, (start + n) % 12 + 1, 1, tzinfo=UTC) for n in range(MONTHS_AHEAD + 3)
    ]
    return list(pairwise(firsts))


def _holds(session: Session, table: str, first: datetime, after: datetime) -> bool:
    query = (
        f"SELECT EXISTS (SELECT FROM {table}_default WHERE received_at >= :first AND received_at < :after)"
    )
    return bool(session.scalar(text(query), {"first": first, "after": after}))


def _make(session: Session, table: str, name: str, first: datetime, after: datetime) -> None:
    # The bounds of a partition cannot be bound parameters; both are made here from dates.
    bounds = f"FROM ('{first:%Y-%m-%d}T00:00:00Z') TO ('{after:%Y-%m-%d}T00:00:00Z')"
    session.execute(text(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {bounds}"))
