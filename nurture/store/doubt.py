"""Mails of which nobody knows whether they went out: what is done about them, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

ASSUME_SENT, RESEND_ONCE = "assume_sent", "resend_once"
POLICIES = (ASSUME_SENT, RESEND_ONCE)
IN_DOUBT = "in_doubt"  # the reason of a delivery that waits to be sent once more
_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail in doubt that was heard of. `settles`: it waited to be sent again, and comes to its end now."""

    delivery_id: int
    settles: bool


# What the version of the program says, or else the installation. Only the first doubt leads to another try.
_RESENDS = text("""
    SELECT d.id FROM delivery d CROSS JOIN installation i
    LEFT JOIN program_version v ON v.id = d.version_id
    WHERE d.id = ANY(:ids) AND d.in_doubt_at IS NULL
      AND coalesce(v.spec ->> 'in_doubt', i.in_doubt) = 'resend_once'
""")

# What is still being sent is held too: it may come to be in doubt by a transaction that is under way, and
# that one then finds what was heard of it.
_ARRIVED = text("""
    WITH held AS (
        SELECT id, state FROM delivery
        WHERE id = ANY(:ids) AND (state IN ('uncertain', 'sending')
                                OR (state IN ('deferred', 'ready') AND in_doubt_at IS NOT NULL))
        ORDER BY id FOR NO KEY UPDATE
    ), doubtful AS (
        SELECT id, state FROM held WHERE state <> 'sending'
    ), changed AS (
        UPDATE delivery d SET state = 'sent', reason = '',
            sent_at = coalesce(d.sent_at, d.settled_at, d.in_doubt_at, :now),
            settled_at = coalesce(d.settled_at, :now)
        FROM doubtful WHERE d.id = doubtful.id
        RETURNING d.id, d.lead_id, d.purpose, doubtful.state <> 'uncertain' AS settles
    ), reached AS (
        SELECT l.id, n.n
        FROM (SELECT lead_id, count(*) AS n FROM changed
              WHERE settles AND purpose IN ('chain', 'newsletter') GROUP BY lead_id) n
        JOIN lead l ON l.id = n.lead_id
        ORDER BY l.id FOR NO KEY UPDATE OF l
    ), touched AS (
        UPDATE lead l SET touches_out = l.touches_out + r.n FROM reached r WHERE l.id = r.id
    )
    SELECT id, settles FROM changed
""")

_HOLD = text("SELECT id FROM delivery WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_HEARD_OF = text("""
    SELECT d.id FROM delivery d
    WHERE d.id = ANY(:ids) AND (
        EXISTS (SELECT FROM hit h WHERE h.delivery_id = d.id)
        OR EXISTS (SELECT FROM inbound_report r WHERE r.delivery_id = d.id))
""")

_COUNT = text("""
    SELECT (SELECT count(*) FROM (SELECT FROM delivery WHERE state = 'uncertain' LIMIT :most) AS few),
           (SELECT in_doubt FROM installation)
""")
_SET = text("UPDATE installation SET in_doubt = :policy")


def to_resend(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of the deliveries in doubt that are sent once more."""
    return set(session.scalars(_RESENDS, {"ids": list(ids)})) if ids else set()


def heard_of(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of the deliveries, held until the transaction ends, that were looked at or came back already:
    while a server keeps its answer to itself, its reader may have the mail."""
    if not ids:
        return set()
    session.execute(_HOLD, {"ids": list(ids)})
    return set(session.scalars(_HEARD_OF, {"ids": list(ids)}))


def arrived(session: Session, ids: Sequence[int], *, now: datetime) -> list[Arrived]:
    """Something was heard of these mails: those in doubt were sent, and are not sent again."""
    if not ids:
        return []
    return [Arrived(row.id, row.settles) for row in session.execute(_ARRIVED, {"ids": list(ids), "now": now})]


def standing(session: Session) -> tuple[int, str]:
    """How many mails are in doubt (counted up to 10,000), and what is done about new ones."""
    count, policy = session.execute(_COUNT, {"most": _UP_TO}).one()
    return count, policy


def set_policy(session: Session, policy: str) -> None:
    session.execute(_SET, {"policy": policy})
