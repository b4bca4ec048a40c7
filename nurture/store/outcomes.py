"""Leads whose outcome is known, with what was known of them before it: what a target score learns from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Outcome:
    """A lead that was won or lost. `known_at` is when it was handed over, None for one whose stage alone says
    how it ended (an import): then nothing tells what was known before. `ended_at` is since when it stands
    there."""

    lead_id: int
    won: bool
    known_at: datetime | None
    ended_at: datetime


_OUTCOMES = text(
    """
    SELECT id AS lead_id, won, known_at, ended_at FROM (
        SELECT l.id, coalesce(h.state = 'won', l.stage = 'customer') AS won,
               coalesce(h.released_at, h.ready_at) AS known_at, l.stage_since AS ended_at
        FROM lead l
        LEFT JOIN LATERAL (
            SELECT state, released_at, ready_at FROM handoff
            WHERE lead_id = l.id AND state IN ('won', 'lost') ORDER BY ripening_no DESC LIMIT 1
        ) h ON true
        WHERE l.erased_at IS NULL AND NOT l.is_test
          AND (h.state IS NOT NULL OR l.stage IN ('customer', 'lost'))
    ) ended
    ORDER BY id DESC LIMIT :limit
    """
)
# The last answer of sales, else where the lead stands: narrow rows first, the leads themselves only of those
# whose outcome is known.
_COUNT = text(
    """
    WITH answered AS (
        SELECT DISTINCT ON (lead_id) lead_id, state FROM handoff WHERE state IN ('won', 'lost')
        ORDER BY lead_id, ripening_no DESC
    ), ended AS (
        SELECT lead_id, state = 'won' AS won FROM answered
        UNION ALL
        SELECT t.lead_id, t.stage = 'customer' FROM lead_line t
        WHERE t.stage IN ('customer', 'lost') AND t.lead_id NOT IN (SELECT lead_id FROM answered)
    )
    SELECT count(*) FILTER (WHERE won) AS won, count(*) FILTER (WHERE NOT won) AS lost FROM (
        SELECT e.won FROM ended e JOIN lead l ON l.id = e.lead_id
        WHERE l.erased_at IS NULL AND NOT l.is_test LIMIT :limit
    ) counted
    """
)
_STILL_OPEN = text(
    """
    SELECT l.id FROM (
        SELECT lead_id FROM lead_line WHERE stage NOT IN ('customer', 'lost')
        ORDER BY hashint8(lead_id), lead_id LIMIT :limit
    ) t JOIN lead l ON l.id = t.lead_id
    WHERE l.erased_at IS NULL AND NOT l.is_test ORDER BY l.id
    """
)
# Signals by kind before the hand-over: what they did, not what was done with them after it, nor what sales
# made of them before.
_SIGNALS = text(
    """
    SELECT s.lead_id, s.kind, count(*) AS often
    FROM unnest(CAST(:leads AS bigint[]), CAST(:until AS timestamptz[])) AS g (lead_id, until)
    JOIN signal s ON s.lead_id = g.lead_id AND s.occurred_at <= g.until AND s.source <> 'sales'
    LEFT JOIN LATERAL (
        SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = s.id ORDER BY v.at DESC LIMIT 1
    ) latest ON true
    WHERE coalesce(latest.verdict, s.verdict) = 'human'
    GROUP BY 1, 2
    """
)
# The first change of a name after the moment says what stood there at it.
_BEFORE = text(
    """
    SELECT DISTINCT ON (e.lead_id, c.key) e.lead_id, c.key AS name, c.value -> 0 AS was
    FROM unnest(CAST(:leads AS bigint[]), CAST(:moments AS timestamptz[])) AS g (lead_id, moment)
    JOIN lead_edit e ON e.lead_id = g.lead_id AND e.at > g.moment, jsonb_each(e.changes) c
    ORDER BY e.lead_id, c.key, e.at, e.id
    """
)


def known(session: Session, *, limit: int) -> list[Outcome]:
    """The newest leads with an outcome."""
    return [Outcome(**row._mapping) for row in session.execute(_OUTCOMES, {"limit": limit})]


def still_open(session: Session, *, limit: int) -> list[int]:
    """Leads whose deal has not ended, drawn by chance and always the same."""
    return list(session.scalars(_STILL_OPEN, {"limit": limit}))


def counts(session: Session, *, limit: int) -> tuple[int, int]:
    """How many won and lost there are, at most `limit` together."""
    row = session.execute(_COUNT, {"limit": limit}).one()
    return row.won, row.lost


def signals(session: Session, until: Mapping[int, datetime]) -> dict[int, dict[str, int]]:
    """How often each lead did what before its moment."""
    found: dict[int, dict[str, int]] = {}
    given = {"leads": list(until), "until": list(until.values())}
    for row in session.execute(_SIGNALS, given):
        found.setdefault(row.lead_id, {})[row.kind] = row.often
    return found


def before(session: Session, moments: Mapping[int, datetime]) -> dict[int, dict[str, Any]]:
    """What has been changed since: the value of each such field at the moment of its lead, by the names of
    the API; None or "" where it was empty."""
    found: dict[int, dict[str, Any]] = {}
    given = {"leads": list(moments), "moments": list(moments.values())}
    for row in session.execute(_BEFORE, given):
        found.setdefault(row.lead_id, {})[row.name] = row.was
    return found
