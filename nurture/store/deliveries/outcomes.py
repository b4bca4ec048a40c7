"""What became of a chunk of deliveries, written in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.segments import TOUCHES
from nurture.store import batch, segments


class Outcome(NamedTuple):
    """How a claimed delivery ends or goes on. `state`: sent, failed, deferred, uncertain, or ready (given
    back untried); `due_at` when it is due again; `tried` whether a server has answered; `bounced` whether
    it was refused for the address's own fault, for good or (reason other than `bounced`) for now;
    `remote_id` the name under which the mail travels on, where that is not ours."""

    delivery_id: int
    token: int
    state: str
    reason: str = ""
    reply: str = ""
    due_at: datetime | None = None
    tried: bool = True
    bounced: bool = False
    remote_id: str = ""


class Recorded(NamedTuple):
    """A delivery whose outcome was taken. `settled` is whether it has come to its end just now; `of_chain`
    and `of_newsletter` whether a chain, or a newsletter, hears of it."""

    delivery_id: int
    lead_id: int | None
    state: str
    settled: bool
    of_chain: bool
    of_newsletter: bool


# The answer to a final dot of ours is taken whatever has become of the lease; anything else only while
# the lease is ours. A delivery that came to its end as uncertain is not settled a second time.
_RECORD = text("""
    WITH given AS (
        SELECT CAST(r ->> 0 AS bigint) AS id, CAST(r ->> 1 AS bigint) AS token, r ->> 2 AS state,
               r ->> 3 AS reason, r ->> 4 AS reply, CAST(r ->> 5 AS timestamptz) AS due_at,
               CAST(r ->> 6 AS boolean) AS tried, r ->> 8 AS remote_id
        FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS r
    ), changed AS (
        UPDATE delivery d
        SET state = g.state, reason = g.reason,
            reply = CASE WHEN g.reply = '' THEN d.reply ELSE g.reply END,
            due_at = coalesce(g.due_at, d.due_at),
            attempt_no = d.attempt_no + CAST(g.tried AS integer),
            remote_id = coalesce(nullif(g.remote_id, ''), d.remote_id),
            lease_until = NULL,
            sent_at = CASE WHEN g.state = 'sent' THEN :now ELSE d.sent_at END,
            settled_at = CASE WHEN g.state IN ('sent', 'failed', 'uncertain')
                         THEN coalesce(d.settled_at, :now) ELSE d.settled_at END,
            in_doubt_at = CASE WHEN g.state = 'uncertain' OR g.reason = 'in_doubt'
                          THEN coalesce(d.in_doubt_at, :now) ELSE d.in_doubt_at END
        FROM given g
        WHERE d.id = g.id AND (
            (d.state = 'sending' AND d.lease_token = g.token)
            OR (g.state = 'sent' AND d.state IN ('sending', 'uncertain', 'ready', 'deferred'))
        )
        RETURNING d.id, d.lead_id, d.state, d.attempt_no, d.purpose,
                  old.state <> 'uncertain' AND g.state IN ('sent', 'failed', 'uncertain') AS settled,
                  g.reason AS because, g.reply AS answer, g.tried,
                  coalesce(d.chain_id, d.enrollment_id) IS NOT NULL AS of_chain,
                  d.newsletter_id IS NOT NULL AS of_newsletter
    ), tries AS (
        INSERT INTO delivery_attempt (delivery_id, attempt_no, at, outcome, reply, host, transport)
        SELECT c.id, c.attempt_no, :now,
               CASE WHEN c.because = 'in_doubt' THEN 'uncertain' ELSE c.state END, c.answer, :host, :transport
        FROM changed c WHERE c.tried
        ON CONFLICT DO NOTHING
    ), reached AS (
        SELECT l.id, n.n
        FROM (SELECT lead_id, count(*) AS n FROM changed
              WHERE settled AND state IN ('sent', 'uncertain') AND purpose IN ('chain', 'newsletter')
              GROUP BY lead_id) n
        JOIN lead l ON l.id = n.lead_id
        ORDER BY l.id FOR NO KEY UPDATE OF l
    ), touched AS (
        UPDATE lead l SET touches_out = l.touches_out + r.n FROM reached r WHERE l.id = r.id
    )
    SELECT id, lead_id, state, settled, of_chain, of_newsletter FROM changed
""")


def record(
    session: Session, outcomes: Sequence[Outcome], *, host: str, now: datetime, transport: str = ""
) -> list[Recorded]:
    """Write the outcomes of a chunk in one statement, with their attempts and the touches of the leads;
    those that were taken. An outcome under a lost lease is not, unless the mail was sent."""
    if not outcomes:
        return []
    values = {"rows": batch.rows([tuple(one) for one in outcomes]), "host": host, "now": now}
    values["transport"] = transport
    recorded = [Recorded(*row) for row in session.execute(_RECORD, values).all()]
    touched = {one.lead_id for one in recorded if one.settled and one.lead_id is not None}
    segments.mark_dirty(session, touched, because=TOUCHES)
    return recorded
