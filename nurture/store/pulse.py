"""The pulse of the pumps: each says every few seconds that it lives, and how far its work is behind."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant


class PumpBeat(Base):
    """One row for each host that pumps. `seen_at` is by PostgreSQL's clock; `behind` in seconds: how long
    the oldest work that might be done has waited, and `what` that is."""

    __tablename__ = "pump_beat"

    host: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[Instant]
    behind: Mapped[float] = mapped_column(server_default="0")
    what: Mapped[str] = mapped_column(server_default="")


@dataclass(frozen=True, slots=True)
class Behind:
    """The oldest work that might be done: steps, deliveries, signals or webhooks, waiting for `seconds`."""

    what: str
    seconds: float


# What must wait (a paused program, a stop, the time before going live) is not behind. Each part finds its
# oldest row by index.
_OLDEST = text(
    """
    SELECT 'steps' AS what, (
        SELECT e.due_at FROM enrollment e
        JOIN program p ON p.id = e.program_id AND p.state = 'live'
        JOIN chain c ON c.id = e.chain_id AND c.paused_at IS NULL
        WHERE e.state IN ('active', 'resting') AND e.due_at <= :now AND e.awaiting_delivery_id IS NULL
        ORDER BY e.due_at LIMIT 1) AS since
    UNION ALL SELECT 'deliveries', (
        SELECT d.due_at FROM delivery d
        LEFT JOIN program p ON p.id = d.program_id LEFT JOIN chain c ON c.id = d.chain_id
        LEFT JOIN newsletter n ON n.id = d.newsletter_id
        WHERE CAST(:may_send AS boolean)
          AND d.state IN ('scheduled', 'ready', 'deferred') AND d.due_at <= :now
          AND p.state IS DISTINCT FROM 'paused' AND c.paused_at IS NULL AND n.state IS DISTINCT FROM 'paused'
          AND coalesce(CAST(d.params ->> 'until' AS timestamptz) > :now, true)
        ORDER BY d.due_at LIMIT 1)
    UNION ALL SELECT 'signals', (
        SELECT min(received_at) FROM (SELECT received_at FROM unrated_signal LIMIT 1000) AS few)
    UNION ALL SELECT 'webhooks', (
        SELECT p.due_at FROM webhook_post p JOIN webhook_endpoint e ON e.id = p.endpoint_id
        WHERE p.state = 'pending' AND p.due_at <= :now AND e.disabled_at IS NULL ORDER BY p.due_at LIMIT 1)
    """
)
_BEAT = text(
    """
    INSERT INTO pump_beat (host, seen_at, behind, what) VALUES (:host, clock_timestamp(), :behind, :what)
    ON CONFLICT (host) DO UPDATE
    SET seen_at = excluded.seen_at, behind = excluded.behind, what = excluded.what
    """
)
_FORGET = text("DELETE FROM pump_beat WHERE seen_at < clock_timestamp() - interval '1 day'")


def behind(session: Session, *, may_send: bool, now: datetime) -> Behind:
    """How far the work is behind; `may_send` whether mails to leads may go out at all."""
    rows = session.execute(_OLDEST, {"now": now, "may_send": may_send}).all()
    waits = [Behind(row.what, (now - row.since).total_seconds()) for row in rows if row.since is not None]
    return max(waits, key=lambda one: one.seconds, default=Behind("", 0.0))


def beat(session: Session, host: str, found: Behind) -> None:
    """Say that this host pumps, and what it has found."""
    session.execute(_BEAT, {"host": host, "behind": max(found.seconds, 0.0), "what": found.what})
    session.execute(_FORGET)
