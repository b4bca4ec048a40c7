"""Verdicts after the first: clicks that wait out their stall, and hits whose verdict has turned.

A signal counts for its lead when the verdict that holds is human, from the turn of rating that took it out
of the inbox. What turns while the signal waits in the inbox needs nothing more; what turns later is put
into `turned_signal`, the inbox of flows/rejudge, under locks that leave no third case.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref
from nurture.store.hits import JudgedHit
from nurture.store.neighbours import recorded

# Who has spoken, when it was no person.
BY_RULES = "rules"


class StalledHit(Base):
    """A hit that waits until what comes after it has been seen. `turned`: it was found a machine's since it
    came, and counts as one while it waits; the others count for nobody yet."""

    __tablename__ = "stalled_hit"
    __table_args__ = (Index("ix_stalled_hit_due_at", "due_at"),)

    hit_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    received_at: Mapped[Instant]
    due_at: Mapped[Instant]
    turned: Mapped[bool] = mapped_column(server_default="false")


class TurnedSignal(Base):
    """A rated signal whose verdict has turned since. `step`: -1 it counts no more, 1 it counts again,
    0 it turned there and back; either way its lead is counted anew."""

    __tablename__ = "turned_signal"

    signal_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    received_at: Mapped[Instant]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    step: Mapped[int]
    reason: Mapped[str]


@dataclass(frozen=True, slots=True)
class Held:
    """The verdict that holds for a hit or signal, and who spoke it last ("" for that of its arrival)."""

    verdict: str
    by: str


@dataclass(frozen=True, slots=True)
class Turned:
    """A row of the inbox of flows/rejudge."""

    signal_id: uuid.UUID
    received_at: datetime
    lead_id: int
    step: int
    reason: str


_STALL = text(
    """
    INSERT INTO stalled_hit (hit_id, received_at, due_at, turned)
    SELECT *, CAST(:turned AS boolean)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:at AS timestamptz[]), CAST(:due AS timestamptz[]))
    ON CONFLICT DO NOTHING
    """
)
_CLAIM_DUE = text(
    """
    WITH due AS MATERIALIZED (
        SELECT hit_id, received_at, turned FROM stalled_hit WHERE due_at <= :now
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    SELECT h.id, h.received_at, h.kind, h.delivery_id, h.lead_id, h.link_id, h.method, h.ip, h.user_agent,
           coalesce(since.verdict, h.verdict) AS verdict,
           coalesce(string_to_array(since.reason, ' '), h.reasons) AS reasons, h.since_sent, h.domain
    FROM due JOIN hit h ON h.id = due.hit_id AND h.received_at = due.received_at
    LEFT JOIN LATERAL (
        SELECT v.verdict, v.reason FROM signal_verdict v
        WHERE due.turned AND v.signal_id = due.hit_id ORDER BY v.at DESC LIMIT 1
    ) since ON true
    ORDER BY h.id
    """
)
_UNSTALL = text("DELETE FROM stalled_hit WHERE hit_id = ANY(CAST(:ids AS uuid[]))")
_LOCK_STALLED = text(
    "SELECT hit_id FROM stalled_hit WHERE hit_id = ANY(CAST(:ids AS uuid[])) ORDER BY hit_id FOR UPDATE"
)
_LOCK_UNRATED = text(
    """
    SELECT signal_id FROM unrated_signal WHERE signal_id = ANY(CAST(:ids AS uuid[]))
    ORDER BY signal_id FOR UPDATE
    """
)
_HELD = text(
    """
    SELECT given.id, latest.verdict, latest.by
    FROM unnest(CAST(:ids AS uuid[])) AS given (id)
    CROSS JOIN LATERAL (
        SELECT v.verdict, v.by FROM signal_verdict v WHERE v.signal_id = given.id ORDER BY v.at DESC LIMIT 1
    ) latest
    """
)
# Two verdicts of one instant would hide each other: the later one is put a microsecond after.
_APPEND = text(
    """
    INSERT INTO signal_verdict (signal_id, at, verdict, reason, by)
    SELECT g.id, greatest(CAST(:now AS timestamptz), (
        SELECT max(v.at) + interval '1 microsecond' FROM signal_verdict v WHERE v.signal_id = g.id
    )), g.verdict, g.reason, :by
    FROM unnest(CAST(:ids AS uuid[]), CAST(:verdicts AS text[]), CAST(:reasons AS text[]))
         AS g (id, verdict, reason)
    """
)
_QUEUE = text(
    """
    INSERT INTO turned_signal (signal_id, received_at, lead_id, step, reason)
    SELECT s.id, s.received_at, s.lead_id, g.step, g.reason
    FROM unnest(CAST(:ids AS uuid[]), CAST(:at AS timestamptz[]), CAST(:steps AS int[]),
                CAST(:reasons AS text[])) AS g (id, at, step, reason)
    JOIN signal s ON s.id = g.id AND s.received_at = g.at
    ORDER BY s.id
    ON CONFLICT (signal_id) DO UPDATE
        SET step = turned_signal.step + excluded.step, reason = excluded.reason
    """
)
_CLAIM_TURNED = text(
    """
    -- Whose it is, the signal says: a merge may not have seen the row that was written beside it.
    SELECT t.signal_id, t.received_at, s.lead_id, t.step, t.reason
    FROM turned_signal t JOIN signal s ON s.id = t.signal_id AND s.received_at = t.received_at
    ORDER BY t.signal_id LIMIT :limit FOR UPDATE OF t SKIP LOCKED
    """
)
_DONE = text("DELETE FROM turned_signal WHERE signal_id = ANY(CAST(:ids AS uuid[]))")
_LOCK_DELIVERIES = text(
    "SELECT FROM delivery WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE"
)
# The first open and click of a delivery by people, looked up anew, and the counters of its step with it.
_RECOUNT_FIRST = text(
    """
    WITH given AS MATERIALIZED (
        SELECT id, chain_id, version_id, step_key, newsletter_id, opened_at, clicked_at, machine_opened_at,
               machine_clicked_at,
               CAST(coalesce(sent_at, settled_at, due_at) AT TIME ZONE 'UTC' AS date) AS day
        FROM delivery WHERE id = ANY(CAST(:ids AS bigint[]))
    ), looked AS MATERIALIZED (
        SELECT h.delivery_id AS id, h.received_at, h.kind,
               coalesce(latest.verdict, h.verdict) = 'human' AS human,
               EXISTS (SELECT FROM stalled_hit w WHERE w.hit_id = h.id) AS stalled
        FROM hit h
        LEFT JOIN LATERAL (
            SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id ORDER BY v.at DESC LIMIT 1
        ) latest ON true
        WHERE h.delivery_id = ANY(CAST(:ids AS bigint[]))
    ), found AS MATERIALIZED (
        SELECT id,
               min(received_at) FILTER (WHERE kind = 'open' AND human AND NOT stalled) AS opened_at,
               min(received_at) FILTER (WHERE kind = 'click' AND human AND NOT stalled) AS clicked_at,
               min(received_at) FILTER (WHERE kind = 'open' AND NOT human) AS machine_opened_at,
               min(received_at) FILTER (WHERE kind = 'click' AND NOT human) AS machine_clicked_at
        FROM looked GROUP BY id
    ), changed AS MATERIALIZED (
        SELECT g.*, f.opened_at AS first_open, f.clicked_at AS first_click,
               f.machine_opened_at AS machine_open, f.machine_clicked_at AS machine_click
        FROM given g LEFT JOIN found f ON f.id = g.id
        WHERE (g.opened_at, g.clicked_at, g.machine_opened_at, g.machine_clicked_at)
            IS DISTINCT FROM (f.opened_at, f.clicked_at, f.machine_opened_at, f.machine_clicked_at)
    ), marked AS (
        UPDATE delivery d
        SET opened_at = c.first_open, clicked_at = c.first_click, machine_opened_at = c.machine_open,
            machine_clicked_at = c.machine_click
        FROM changed c WHERE d.id = c.id
    ), counted AS (
        SELECT c.chain_id, c.version_id, c.step_key, c.newsletter_id, c.day, w.what, w.step
        FROM changed c
        CROSS JOIN LATERAL (VALUES
            ('opened', (c.first_open IS NOT NULL)::int - (c.opened_at IS NOT NULL)::int),
            ('clicked', (c.first_click IS NOT NULL)::int - (c.clicked_at IS NOT NULL)::int),
            ('machine_opened', (c.machine_open IS NOT NULL)::int - (c.machine_opened_at IS NOT NULL)::int),
            ('machine_clicked', (c.machine_click IS NOT NULL)::int - (c.machine_clicked_at IS NOT NULL)::int)
        ) AS w (what, step)
        WHERE w.step <> 0
    ), by_day AS (
        INSERT INTO step_day (chain_id, day, version_id, step_key, what, n)
        SELECT chain_id, day, version_id, step_key, what, sum(step)
        FROM counted
        WHERE chain_id IS NOT NULL AND version_id IS NOT NULL AND step_key IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(step) <> 0
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (chain_id, day, version_id, step_key, what) DO UPDATE SET n = step_day.n + excluded.n
    ), by_newsletter AS (
        INSERT INTO newsletter_count (newsletter_id, what, n)
        SELECT newsletter_id, what, sum(step)
        FROM counted WHERE newsletter_id IS NOT NULL
        GROUP BY 1, 2 HAVING sum(step) <> 0
        ORDER BY 1, 2
        ON CONFLICT (newsletter_id, what) DO UPDATE SET n = newsletter_count.n + excluded.n
    )
    INSERT INTO step_count (chain_id, version_id, step_key, what, n)
    SELECT chain_id, version_id, step_key, what, sum(step)
    FROM counted
    WHERE what IN ('opened', 'clicked') AND chain_id IS NOT NULL AND version_id IS NOT NULL
      AND step_key IS NOT NULL
    GROUP BY 1, 2, 3, 4 HAVING sum(step) <> 0
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (chain_id, version_id, step_key, what) DO UPDATE SET n = step_count.n + excluded.n
    """
)


def stall(
    session: Session, rows: Sequence[tuple[uuid.UUID, datetime, datetime]], *, turned: bool = False
) -> None:
    """Have these hits wait: (id, when they came, when they are due); `turned`: by a verdict since."""
    if rows:
        ids, at, due = zip(*rows, strict=True)
        given = {"ids": list(ids), "at": list(at), "due": list(due), "turned": turned}
        session.execute(_STALL, given)


def claim_due(session: Session, *, now: datetime, limit: int) -> list[JudgedHit]:
    """Hits that have waited long enough, locked, as they were judged at their arrival, or since where
    that is why they wait; oldest first."""
    return [recorded(row) for row in session.execute(_CLAIM_DUE, {"now": now, "limit": limit})]


def unstall(session: Session, ids: Collection[uuid.UUID]) -> None:
    """These wait no more."""
    session.execute(_UNSTALL, {"ids": list(ids)})


def lock(session: Session, ids: Collection[uuid.UUID]) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Hold these still, whatever else is being done with them just now: those that wait out their stall,
    and those whose signal waits to be rated."""
    stalled = set(session.scalars(_LOCK_STALLED, {"ids": list(ids)}))
    return stalled, set(session.scalars(_LOCK_UNRATED, {"ids": list(ids)}))


def held(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Held]:
    """The latest of the later verdicts on these; those that stand as they arrived are left out."""
    return {row.id: Held(row.verdict, row.by) for row in session.execute(_HELD, {"ids": list(ids)})}


def append(
    session: Session, verdicts: Sequence[tuple[uuid.UUID, str, str]], *, by: str, now: datetime
) -> None:
    """Append verdicts: (id, verdict, reason)."""
    ids, words, reasons = zip(*verdicts, strict=True)
    given = {"ids": list(ids), "verdicts": list(words), "reasons": list(reasons), "by": by, "now": now}
    session.execute(_APPEND, given)


def queue(session: Session, turned: Sequence[tuple[uuid.UUID, datetime, int, str]]) -> None:
    """Put signals that have been rated into the inbox of flows/rejudge: (id, received_at, step, reason).
    Hits that never became signals are passed over."""
    if turned:
        ids, at, steps, reasons = zip(*turned, strict=True)
        given = {"ids": list(ids), "at": list(at), "steps": list(steps), "reasons": list(reasons)}
        session.execute(_QUEUE, given)


def claim_turned(session: Session, limit: int) -> list[Turned]:
    """Lock up to `limit` rows of the inbox that nobody else has."""
    return [Turned(*row) for row in session.execute(_CLAIM_TURNED, {"limit": limit})]


def done(session: Session, ids: Collection[uuid.UUID]) -> None:
    """These are counted anew: out of the inbox."""
    session.execute(_DONE, {"ids": list(ids)})


def recount_first(session: Session, delivery_ids: Collection[int]) -> None:
    """Date the first open and click by people, and by machines, of these deliveries anew, and correct the
    counters of their steps and newsletters by what has changed."""
    given = {"ids": sorted(delivery_ids)}
    session.execute(_LOCK_DELIVERIES, given)
    session.execute(_RECOUNT_FIRST, given)
