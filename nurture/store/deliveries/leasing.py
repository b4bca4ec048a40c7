"""Leases of deliveries on their way: held while the process lives, found when they have run out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

LEASE_SECONDS = 60


_RENEW = text("""
    UPDATE delivery d SET lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:tokens AS bigint[])) AS h (id, token)
    WHERE d.id = h.id AND d.lease_token = h.token AND d.state = 'sending'
    RETURNING d.id
""")


_EXPIRED = text("""
    SELECT d.id, d.lease_token, d.leased_by FROM delivery d
    WHERE d.state IN ('leased', 'sending') AND d.lease_until < clock_timestamp()
      AND (d.leased_by = :host OR d.lease_until < clock_timestamp() - make_interval(secs => :grace))
    ORDER BY d.lease_until LIMIT :limit
""")


# A mail in hand is looked at as it was when it was claimed: its reader may have left since, somebody may have
# paused what it belongs to, and behind a slow server its hours may be over. The next claim tells these apart.
# Everything is looked up by its key, once for each mail: no table is read as a whole.
_UNWANTED = text("""
    SELECT d.id FROM delivery d
    WHERE d.id = ANY(:ids) AND d.lead_id IS NOT NULL
      AND ((SELECT l.erased_at FROM lead l WHERE l.id = d.lead_id) IS NOT NULL
           OR (d.consent_purpose IS NOT NULL AND
               (SELECT c.granted FROM lead_consent c
                WHERE c.lead_id = d.lead_id AND c.purpose = d.consent_purpose) IS NOT TRUE)
           OR CAST(d.params ->> 'until' AS timestamptz) <= :now
           OR (SELECT e.state FROM enrollment e WHERE e.id = d.enrollment_id) = 'ended'
           OR (SELECT n.state FROM newsletter n WHERE n.id = d.newsletter_id) IN ('paused', 'cancelled')
           OR (d.purpose = 'chain' AND (SELECT p.state FROM program p WHERE p.id = d.program_id) = 'paused')
           OR (d.purpose = 'chain' AND (SELECT h.paused_at FROM chain h WHERE h.id = d.chain_id) IS NOT NULL))
""")


def unwanted(session: Session, ids: Sequence[int], *, now: datetime) -> set[int]:
    """Those of claimed deliveries whose lead was erased, has withdrawn the consent they rest on or left their
    chain, whose program, chain or newsletter was paused or cancelled, or whose hours are over."""
    return set(session.scalars(_UNWANTED, {"ids": list(ids), "now": now}))


def renew(session: Session, leases: Sequence[tuple[int, int]]) -> bool:
    """Prolong the leases (delivery_id, token) that are still held; whether that is all of them."""
    ids, tokens = [one for one, _ in leases], [token for _, token in leases]
    held = session.execute(_RENEW, {"ids": ids, "tokens": tokens, "lease": LEASE_SECONDS}).all()
    return len(held) == len(leases)


def expired(session: Session, *, host: str, grace: float, limit: int) -> list[tuple[int, int, str | None]]:
    """(delivery_id, token, host) of leases that have run out; those of other hosts `grace` seconds later,
    because their own journal knows better."""
    rows = session.execute(_EXPIRED, {"host": host, "grace": grace, "limit": limit})
    return [(row.id, row.lease_token, row.leased_by) for row in rows]
