"""Who of sales owns the leads of deliveries whose program writes in the owner's name."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Owner:
    """A person who can sign in, by name and address."""

    name: str
    email: str


# The versions are looked into once each: their spec is large.
_OWNERS = text("""
    WITH mine AS (
        SELECT d.id, d.version_id, d.lead_id FROM delivery d
        WHERE d.id = ANY(:ids) AND d.version_id IS NOT NULL AND d.lead_id IS NOT NULL
    ), spoken AS MATERIALIZED (
        SELECT v.id FROM program_version v
        WHERE v.id IN (SELECT DISTINCT m.version_id FROM mine m) AND v.spec ->> 'sender' = 'owner'
    )
    SELECT m.id, u.name, u.email FROM mine m
    JOIN spoken ON spoken.id = m.version_id
    JOIN lead l ON l.id = m.lead_id
    JOIN user_account u ON u.id = l.owner_id AND u.disabled_at IS NULL
""")


def owners(session: Session, delivery_ids: Sequence[int]) -> dict[int, Owner]:
    """The owner in whose name each delivery is to go out, where its program says so and there is one. One
    statement."""
    if not delivery_ids:
        return {}
    rows = session.execute(_OWNERS, {"ids": list(delivery_ids)})
    return {row.id: Owner(row.name, row.email) for row in rows}
