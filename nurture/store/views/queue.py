"""The queue before sales: who waits, how fast they come, what more room would bring."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

# The stretch from which the pace is taken.
PACE_DAYS = 28


@dataclass(frozen=True, slots=True)
class Queue:
    """`waiting` ripe leads wait for room since `oldest`; in the last four weeks `ripened` leads ripened and
    `released` went to sales. Of those that were closed then, `won` of `closed` were won."""

    waiting: int
    oldest: datetime | None
    ripened: int
    released: int
    won: int
    closed: int

    @property
    def comes(self) -> float:
        """Leads that ripen on a day."""
        return self.ripened / PACE_DAYS

    def days_to_clear(self, a_day: float) -> float | None:
        """How long the queue takes to empty with room for `a_day` leads; None when it never does."""
        spare = a_day - self.comes
        if self.waiting == 0:
            return 0.0
        return self.waiting / spare if spare > 0 else None

    def won_a_month(self, a_day: float) -> float | None:
        """Deals in 30 days with this room, at the present share of won; None while nothing was closed."""
        return min(a_day, self.comes) * 30 * self.won / self.closed if self.closed else None


_QUEUE = text("""
    SELECT
        (SELECT count(*) FROM handoff WHERE state = 'waiting') AS waiting,
        (SELECT min(ready_at) FROM handoff WHERE state = 'waiting') AS oldest,
        (SELECT count(*) FROM handoff WHERE ready_at >= :since AND state <> 'withdrawn') AS ripened,
        (SELECT count(*) FROM handoff WHERE released_at >= :since) AS released,
        (SELECT count(*) FROM handoff WHERE closed_at >= :since AND state = 'won') AS won,
        (SELECT count(*) FROM handoff WHERE closed_at >= :since AND state IN ('won', 'lost', 'rejected'))
            AS closed
""")


def queue(session: Session, *, now: datetime) -> Queue:
    """One statement over the last four weeks."""
    row = session.execute(_QUEUE, {"since": now - timedelta(days=PACE_DAYS)}).one()
    return Queue(**row._mapping)
