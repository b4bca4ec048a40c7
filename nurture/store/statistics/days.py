"""Counters by step and day, raised in the transaction that moves the runs."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import event, text
from sqlalchemy.orm import Session, SessionTransaction

from nurture.rules.chain import Left
from nurture.rules.statistics.stays import class_of

CHAIN = ""
_Key = tuple[int, int, str, str]
# Under which a session keeps what it has not written yet.
_WAITING = "step_day"

_COUNT = text(
    """
    INSERT INTO step_day (chain_id, day, version_id, step_key, what, n, total)
    SELECT chain_id, :day, version_id, step_key, what, n, total
    FROM unnest(CAST(:chains AS bigint[]), CAST(:versions AS bigint[]), CAST(:steps AS text[]),
                CAST(:whats AS text[]), CAST(:ns AS bigint[]), CAST(:totals AS numeric[]))
         AS t (chain_id, version_id, step_key, what, n, total)
    ON CONFLICT (chain_id, day, version_id, step_key, what)
    DO UPDATE SET n = step_day.n + excluded.n, total = step_day.total + excluded.total
    """
)


@dataclass
class DayTally:
    """What one transaction adds to the counters of its day: (chain id, version id, step key, what)."""

    n: Counter[_Key] = field(default_factory=Counter)
    seconds: Counter[_Key] = field(default_factory=Counter)

    def add(self, chain_id: int, version_id: int, step_key: str, what: str, n: int = 1) -> None:
        self.n[chain_id, version_id, step_key, what] += n

    def left(self, chain_id: int, version_id: int, one: Left) -> None:
        """A run left a step (or, with the key "", its chain)."""
        key = (chain_id, version_id, one.step_key, f"left:{one.how}")
        seconds = round(one.stayed / timedelta(seconds=1))
        self.n[key] += 1
        self.seconds[key] += seconds
        self.add(chain_id, version_id, one.step_key, f"stayed:{class_of(seconds)}")

    def left_all(self, chain_id: int, version_id: int, left: Iterable[Left]) -> None:
        for one in left:
            self.left(chain_id, version_id, one)


def day_of(now: datetime) -> dt.date:
    return now.astimezone(UTC).date()


def count(session: Session, tally: DayTally, *, now: datetime) -> None:
    """Raise the counters of this UTC day, right before the transaction commits: rows that every worker wants
    are held for a moment only, and in one order, so that nobody waits for each other in a circle."""
    if not tally.n:
        return
    if session.in_nested_transaction():
        # What a savepoint takes back must not be counted.
        _write(session, day_of(now), tally)
        return
    waiting: dict[dt.date, DayTally] = session.info.setdefault(_WAITING, {})
    kept = waiting.setdefault(day_of(now), DayTally())
    kept.n.update(tally.n)
    kept.seconds.update(tally.seconds)


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    for day, tally in sorted(session.info.pop(_WAITING, {}).items()):
        _write(session, day, tally)


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_WAITING, None)


def _write(session: Session, day: dt.date, tally: DayTally) -> None:
    rows = sorted(tally.n.items())
    session.execute(
        _COUNT,
        {
            "day": day,
            "chains": [key[0] for key, _n in rows],
            "versions": [key[1] for key, _n in rows],
            "steps": [key[2] for key, _n in rows],
            "whats": [key[3] for key, _n in rows],
            "ns": [n for _key, n in rows],
            "totals": [tally.seconds[key] for key, _n in rows],
        },
    )
