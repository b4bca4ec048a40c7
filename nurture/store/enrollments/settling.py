"""Sends come to their end and signals arrive: the runs that waited for them are due again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store import batch
from nurture.store.statistics import day_of


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery that came to its end: `state` is sent, failed, skipped, cancelled or uncertain."""

    delivery_id: int
    state: str
    reason: str = ""


_SETTLE = text(
    """
    UPDATE enrollment e
    SET settled_state = s.state, settled_at = :now, awaiting_delivery_id = NULL,
        due_at = CASE WHEN e.state = 'active' THEN CAST(:now AS timestamptz) END,
        due_reason = 'settled',
        last_sent_step = CASE WHEN s.state IN ('sent', 'uncertain') THEN d.step_key ELSE e.last_sent_step END
    FROM json_to_recordset(CAST(:rows AS json)) AS s (delivery_id bigint, state text)
    JOIN delivery d ON d.id = s.delivery_id
    WHERE e.id = d.enrollment_id AND e.awaiting_delivery_id = d.id AND e.state <> 'ended'
    """
)
# Beside each end that is no mail its reason is counted: what follows a colon is detail.
_COUNT_SETTLED = text(
    """
    WITH counted AS (
        SELECT d.chain_id, d.version_id, d.step_key, w.what, count(*) AS n
        FROM json_to_recordset(CAST(:rows AS json)) AS s (delivery_id bigint, state text, reason text)
        JOIN delivery d ON d.id = s.delivery_id
        CROSS JOIN LATERAL (
            SELECT CASE s.state WHEN 'uncertain' THEN 'sent' WHEN 'cancelled' THEN 'skipped' ELSE s.state END
                   AS ended
        ) e
        CROSS JOIN LATERAL (
            SELECT e.ended AS what
            UNION ALL
            SELECT e.ended || ':' || split_part(s.reason, ':', 1)
            WHERE e.ended IN ('skipped', 'failed') AND s.reason <> ''
        ) w
        WHERE d.chain_id IS NOT NULL AND d.version_id IS NOT NULL AND d.step_key IS NOT NULL
        GROUP BY 1, 2, 3, 4
    ), by_day AS (
        INSERT INTO step_day (chain_id, day, version_id, step_key, what, n)
        SELECT chain_id, :day, version_id, step_key, what, n FROM counted ORDER BY 1, 3, 4, 5
        ON CONFLICT (chain_id, day, version_id, step_key, what) DO UPDATE SET n = step_day.n + excluded.n
    )
    INSERT INTO step_count (chain_id, version_id, step_key, what, n)
    SELECT chain_id, version_id, step_key, what, n FROM counted ORDER BY 1, 2, 3, 4
    ON CONFLICT (chain_id, version_id, step_key, what) DO UPDATE SET n = step_count.n + excluded.n
    """
)
_NOTE_SETTLED = text(
    """
    INSERT INTO chain_event (enrollment_id, lead_id, at, step_key, what, reason, detail)
    SELECT d.enrollment_id, d.lead_id, :now, d.step_key, s.state, s.reason,
           jsonb_build_object('delivery_id', d.id)
    FROM json_to_recordset(CAST(:rows AS json)) AS s (delivery_id bigint, state text, reason text)
    JOIN delivery d ON d.id = s.delivery_id
    WHERE d.enrollment_id IS NOT NULL
    """
)
_WAKE = text(
    """
    UPDATE enrollment SET due_at = :now
    WHERE lead_id = ANY(:lead_ids) AND state = 'active' AND waiting_for IS NOT NULL
      AND (due_at IS NULL OR due_at > :now)
    """
)

_LEFT_BY_SALES = text(
    """
    UPDATE enrollment SET due_at = :now
    WHERE lead_id = ANY(:lead_ids) AND state = 'active' AND due_reason = 'with_sales' AND due_at > :now
    """
)


def settle_sends(session: Session, settled: Sequence[Settled], *, now: datetime) -> None:
    """The sends that enrolments stood at have come to their end: they are due again now, waits count from
    here, and the counters of their steps rise. Call it once for each delivery, in the transaction that
    records its end; deliveries of other purposes pass through untouched."""
    if not settled:
        return
    rows = batch.rows(settled)
    session.execute(_SETTLE, {"rows": rows, "now": now})
    session.execute(_COUNT_SETTLED, {"rows": rows, "day": day_of(now)})
    session.execute(_NOTE_SETTLED, {"rows": rows, "now": now})


def wake_waiting(session: Session, lead_ids: Sequence[int], now: datetime) -> None:
    """Signals have arrived for these leads: those standing at a wait_for look again at once."""
    if lead_ids:
        session.execute(_WAKE, {"lead_ids": list(lead_ids), "now": now})


def wake_left_by_sales(session: Session, lead_ids: Sequence[int], now: datetime) -> None:
    """Sales has ended its conversation with these leads: mails that stepped aside for it look again at
    once."""
    if lead_ids:
        session.execute(_LEFT_BY_SALES, {"lead_ids": list(lead_ids), "now": now})
