"""Leases of deliveries on their way: held while the process lives, found when they have run out."""

from collections.abc import Sequence

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


# A mail in hand is looked at as it was when it was claimed: its reader may have left since.
_UNWANTED = text("""
    SELECT d.id FROM delivery d JOIN lead l ON l.id = d.lead_id
    LEFT JOIN lead_consent c ON c.lead_id = d.lead_id AND c.purpose = d.consent_purpose
    WHERE d.id = ANY(:ids)
      AND (l.erased_at IS NOT NULL OR (d.consent_purpose IS NOT NULL AND c.granted IS NOT TRUE))
""")


def unwanted(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of claimed deliveries whose lead has withdrawn the consent they rest on, or was erased."""
    return set(session.scalars(_UNWANTED, {"ids": list(ids)}))


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
