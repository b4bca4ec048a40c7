"""How far newsletters have come: counters, who waits for what, and the pace."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store import batch

_COUNT = text(
    """
    INSERT INTO newsletter_count (newsletter_id, what, n)
    SELECT newsletter_id, what, n
    FROM unnest(CAST(:ids AS bigint[]), CAST(:whats AS text[]), CAST(:ns AS bigint[]))
         AS t (newsletter_id, what, n)
    ORDER BY newsletter_id, what
    ON CONFLICT (newsletter_id, what) DO UPDATE SET n = newsletter_count.n + excluded.n
    """
)
_SETTLED = text(
    """
    WITH ended AS (
        SELECT d.newsletter_id, s.state, s.reason
        FROM (
            SELECT CAST(r ->> 0 AS bigint) AS delivery_id, r ->> 1 AS state, r ->> 2 AS reason
            FROM json_array_elements(CAST(:ends AS json)) AS r
        ) s
        JOIN delivery d ON d.id = s.delivery_id
        WHERE d.newsletter_id IS NOT NULL
    ), told AS (
        INSERT INTO newsletter_count (newsletter_id, what, n)
        SELECT newsletter_id, what, count(*) FROM (
            SELECT newsletter_id, CASE state WHEN 'uncertain' THEN 'sent' ELSE state END AS what FROM ended
            UNION ALL
            SELECT newsletter_id, 'skipped:' || split_part(reason, ':', 1) FROM ended WHERE state = 'skipped'
        ) every
        GROUP BY newsletter_id, what ORDER BY newsletter_id, what
        ON CONFLICT (newsletter_id, what) DO UPDATE SET n = newsletter_count.n + excluded.n
    )
    INSERT INTO newsletter_minute (newsletter_id, minute, n)
    SELECT newsletter_id, date_trunc('minute', CAST(:now AS timestamptz)), count(*) FROM ended
    GROUP BY newsletter_id ORDER BY newsletter_id
    ON CONFLICT (newsletter_id, minute) DO UPDATE SET n = newsletter_minute.n + excluded.n
    """
)
_COUNTS = text("SELECT what, n FROM newsletter_count WHERE newsletter_id = :id")
_ALL_COUNTS = text(
    "SELECT newsletter_id, what, n FROM newsletter_count WHERE newsletter_id = ANY(CAST(:ids AS bigint[]))"
)
_WAITING = text(
    """
    SELECT reason, count(*) AS n, min(due_at) AS first_at, max(due_at) AS last_at
    FROM newsletter_wait WHERE newsletter_id = :id GROUP BY reason ORDER BY reason
    """
)
_PACE = text(
    """
    SELECT coalesce(sum(n), 0) AS n, min(minute) AS first FROM newsletter_minute
    WHERE newsletter_id = :id AND minute > :since
    """
)
_LOOKED_BACK = timedelta(minutes=3)


def count(session: Session, newsletter_id: int, tally: Mapping[str, int]) -> None:
    """Raise counters."""
    if tally:
        values = {"ids": [newsletter_id] * len(tally), "whats": list(tally), "ns": list(tally.values())}
        session.execute(_COUNT, values)


def settled(session: Session, ends: Sequence[tuple[int, str, str]], *, now: datetime) -> None:
    """Deliveries came to their end, as (id, state, reason); those of no newsletter pass through."""
    if ends:
        session.execute(_SETTLED, {"ends": batch.rows(ends), "now": now})


def counts(session: Session, newsletter_id: int) -> dict[str, int]:
    """Its counters by name."""
    return {row.what: int(row.n) for row in session.execute(_COUNTS, {"id": newsletter_id})}


def counts_of(session: Session, newsletter_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """The counters of each of these; one statement."""
    found: dict[int, dict[str, int]] = {one: {} for one in newsletter_ids}
    for row in session.execute(_ALL_COUNTS, {"ids": batch.numbers(newsletter_ids)}):
        found[row.newsletter_id][row.what] = int(row.n)
    return found


def waiting(session: Session, newsletter_id: int) -> list[Mapping[str, Any]]:
    """How many readers wait, by reason: {reason, n, first_at, last_at}."""
    return [dict(row) for row in session.execute(_WAITING, {"id": newsletter_id}).mappings()]


def pace(session: Session, newsletter_id: int, *, now: datetime) -> float:
    """Mails a second that came to their end over the last minutes; 0 when none did."""
    row = session.execute(_PACE, {"id": newsletter_id, "since": now - _LOOKED_BACK}).one()
    if not row.n:
        return 0.0
    seconds: float = (now - row.first).total_seconds()
    return float(row.n) / max(seconds, 1.0)
