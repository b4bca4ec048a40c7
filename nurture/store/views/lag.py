"""How far the work is behind, for the health pages: the oldest row due in each queue, by index."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

_OLDEST = text(
    """
    SELECT (SELECT min(due_at) FROM enrollment WHERE state IN ('active', 'resting') AND due_at IS NOT NULL),
           (SELECT min(due_at) FROM delivery WHERE state IN ('scheduled', 'ready', 'deferred')),
           (SELECT min(due_at) FROM webhook_post WHERE state = 'pending'),
           (SELECT min(received_at) FROM (SELECT received_at FROM unrated_signal LIMIT 1000) AS few)
    """
)
_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM (SELECT 1 FROM enrollment WHERE state IN ('active', 'resting')
                AND due_at <= :now LIMIT :most) AS due),
           (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state IN ('scheduled', 'ready', 'deferred')
                AND due_at <= :now LIMIT :most) AS due),
           (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state IN ('leased', 'sending')
                LIMIT :most) AS going),
           (SELECT count(*) FROM (SELECT 1 FROM webhook_post WHERE state = 'pending'
                AND due_at <= :now LIMIT :most) AS due),
           (SELECT count(*) FROM (SELECT 1 FROM unrated_signal LIMIT :most) AS new),
           (SELECT count(*) FROM (SELECT 1 FROM handoff WHERE state = 'waiting' LIMIT :most) AS waiting),
           (SELECT count(*) FROM (SELECT 1 FROM handoff WHERE state = 'released' LIMIT :most) AS released),
           (SELECT sending_stopped::int FROM installation),
           (SELECT count(*) FROM transport_state WHERE NOT ok),
           (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state = 'uncertain' LIMIT :most) AS doubtful)
    """
)
# Beyond this a gauge says "at least": a scrape must not grow with the backlog.
COUNT_UP_TO = 100_000
GAUGES = (
    ("steps_due", "Enrolments whose next step is due"),
    ("deliveries_due", "Deliveries that may go out now"),
    ("deliveries_in_flight", "Deliveries that a worker holds"),
    ("webhook_posts_due", "Webhook posts that are due"),
    ("signals_unrated", "Signals that no heat model has counted yet"),
    ("handoffs_waiting", "Ripe leads that wait for capacity"),
    ("handoffs_released", "Leads at sales without an answer"),
    ("sending_stopped", "1 while somebody has stopped all sending"),
    ("transports_failing", "Ways of sending that do not work"),
    ("deliveries_uncertain", "Mails that may or may not have gone out"),
)


@dataclass(frozen=True)
class Lag:
    """How long the oldest due row of each queue has waited; zero when none is due."""

    steps: timedelta
    deliveries: timedelta
    webhooks: timedelta
    signals: timedelta

    @property
    def longest(self) -> timedelta:
        return max(self.steps, self.deliveries, self.webhooks, self.signals)


def lag(session: Session, *, now: datetime) -> Lag:
    """One statement, four looks into indexes."""
    oldest = session.execute(_OLDEST).one()
    return Lag(*(max(now - due, timedelta()) if due else timedelta() for due in oldest))


def gauges(session: Session, *, now: datetime) -> dict[str, int]:
    """One statement; every count stops at COUNT_UP_TO."""
    counts = session.execute(_COUNTS, {"now": now, "most": COUNT_UP_TO}).one()
    return {name: int(count) for (name, _about), count in zip(GAUGES, counts, strict=True)}
