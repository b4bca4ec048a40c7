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


# What waits stands in few kinds, by what says its sender and its way out: step, mail, program and newsletter
# are looked into once for each. Only owners are as many as the leads that have one.
_SPEAKING = text(
    """
    WITH due AS MATERIALIZED (
        SELECT d.version_id, d.mail_version_id, d.program_id, d.newsletter_id, d.lead_id,
               d.params ->> 'sender' AS own
        FROM delivery d
        WHERE d.state IN ('scheduled', 'ready', 'deferred') AND (d.due_at <= :now OR d.reason = 'paced')
          AND (:newsletters OR d.newsletter_id IS NULL)
        LIMIT :most
    ), kinds AS (
        SELECT version_id, mail_version_id, program_id, newsletter_id, own, count(*) AS n
        FROM due GROUP BY 1, 2, 3, 4, 5
    ), meant AS MATERIALIZED (
        SELECT k.*, lower(coalesce(
                   k.own, a.source ->> 'sender', n.sender_key, p.spec ->> 'sender', 'house')) AS said,
               coalesce(
                   (SELECT t.transport_id FROM transport_choice t
                    WHERE t.kind = 'newsletter' AND t.ref_id = k.newsletter_id),
                   (SELECT t.transport_id FROM transport_choice t
                    WHERE t.kind = 'mail' AND t.ref_id = a.mail_id),
                   (SELECT t.transport_id FROM transport_choice t
                    WHERE t.kind = 'program' AND t.ref_id = k.program_id)) AS way
        FROM kinds k
        LEFT JOIN mail_version a ON a.id = k.mail_version_id
        LEFT JOIN newsletter n ON n.id = k.newsletter_id
        LEFT JOIN program_version p ON p.id = k.version_id
    )
    SELECT said, way, sum(n) AS n FROM meant WHERE said <> 'owner' GROUP BY 1, 2
    UNION ALL
    SELECT coalesce(u.email, 'house'), m.way, count(*)
    FROM meant m
    JOIN due d ON (d.version_id, d.mail_version_id, d.program_id, d.newsletter_id, d.own)
        IS NOT DISTINCT FROM (m.version_id, m.mail_version_id, m.program_id, m.newsletter_id, m.own)
    LEFT JOIN lead l ON l.id = d.lead_id
    LEFT JOIN user_account u ON u.id = l.owner_id AND u.disabled_at IS NULL
    WHERE m.said = 'owner' GROUP BY 1, 2
    """
)


def speaking(
    session: Session, *, now: datetime, newsletters: bool, most: int
) -> dict[tuple[str, int | None], int]:
    """How many of the mails that are due, counted to `most`, say which sender (`house`, the key of a sender,
    or an address, that of the lead's owner, too) and take which way out (None: the default)."""
    found: dict[tuple[str, int | None], int] = {}
    for said, way, many in session.execute(_SPEAKING, {"now": now, "newsletters": newsletters, "most": most}):
        found[said, way] = found.get((said, way), 0) + int(many)
    return found


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
