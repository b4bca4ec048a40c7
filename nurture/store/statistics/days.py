"""Counters by step and day, raised in the transaction that moves the runs."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.chain import Left
from nurture.rules.statistics.stays import class_of

CHAIN = ""
_Key = tuple[int, int, str, str]

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
    """Raise the counters of this UTC day. In key order, so that two batches never wait for each other in a
    circle."""
    if not tally.n:
        return
    rows = sorted(tally.n.items())
    session.execute(
        _COUNT,
        {
            "day": day_of(now),
            "chains": [key[0] for key, _n in rows],
            "versions": [key[1] for key, _n in rows],
            "steps": [key[2] for key, _n in rows],
            "whats": [key[3] for key, _n in rows],
            "ns": [n for _key, n in rows],
            "totals": [tally.seconds[key] for key, _n in rows],
        },
    )
