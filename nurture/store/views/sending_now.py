"""What goes out at this moment, how fast, and when it will be done: two statements, each count bounded."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

UP_TO = 20_000
_LOOKED_BACK = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Going:
    """One newsletter, or all mails of chains together (`newsletter_id` None). `rate` in mails a second;
    `whole` None where nobody can tell; `exact` False where `left` is at least so many. `ends_at` is told by
    whoever knows the limits (flows/when_done)."""

    newsletter_id: int | None
    name: str
    ended: int
    whole: int | None
    left: int
    rate: float
    exact: bool = True
    ends_at: datetime | None = None


_NEWSLETTERS = text(
    """
    SELECT n.id, n.name, greatest(coalesce(n.size, 0), coalesce(c.readers, 0)) AS whole,
           coalesce(c.ended, 0) AS ended, coalesce(m.n, 0) AS recent, m.first
    FROM newsletter n
    LEFT JOIN LATERAL (
        SELECT sum(k.n) FILTER (WHERE k.what IN ('sent', 'failed', 'skipped', 'cancelled')) AS ended,
               sum(k.n) FILTER (WHERE k.what = 'readers') AS readers
        FROM newsletter_count k WHERE k.newsletter_id = n.id) c ON true
    LEFT JOIN LATERAL (
        SELECT sum(k.n) AS n, min(k.minute) AS first
        FROM newsletter_minute k WHERE k.newsletter_id = n.id AND k.minute > :since) m ON true
    WHERE n.state = 'sending' ORDER BY n.started_at DESC, n.id DESC LIMIT 5
    """
)
_CHAINS = text(
    """
    SELECT (SELECT count(*) FROM (
                SELECT FROM delivery d LEFT JOIN program p ON p.id = d.program_id
                WHERE d.state IN ('scheduled', 'ready', 'deferred') AND d.due_at <= :now
                  AND d.newsletter_id IS NULL AND p.state IS DISTINCT FROM 'paused' LIMIT :most) AS due)
         + (SELECT count(*) FROM (
                SELECT FROM delivery WHERE state IN ('leased', 'sending') AND newsletter_id IS NULL
                LIMIT :most) AS held) AS left,
           (SELECT count(*) FROM (
                SELECT sent_at, newsletter_id FROM delivery ORDER BY id DESC LIMIT :most) AS new
             WHERE sent_at > :since AND newsletter_id IS NULL) AS recent
    """
)


def going(session: Session, *, now: datetime) -> list[Going]:
    """Newsletters that go out now, and the mails of chains if any is due or was sent a moment ago."""
    values = {"since": now - _LOOKED_BACK, "now": now, "most": UP_TO}
    found = []
    for row in session.execute(_NEWSLETTERS, values):
        seconds = (now - row.first).total_seconds() if row.first else 1.0
        whole, ended = int(row.whole), int(row.ended)
        rate = float(row.recent) / max(seconds, 1.0)
        found.append(Going(row.id, row.name, ended, max(whole, ended), max(whole - ended, 0), rate))
    chains = session.execute(_CHAINS, values).one()
    if chains.left or chains.recent:
        rate = chains.recent / _LOOKED_BACK.total_seconds()
        exact = chains.left < UP_TO
        found.append(Going(None, "", int(chains.recent), None, int(chains.left), rate, exact))
    return found
