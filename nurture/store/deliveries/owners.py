"""In whose name deliveries go out, where their program or step says so: the lead's owner, or an address."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Owner:
    """Who speaks, by name (empty: that of the house) and address."""

    name: str
    email: str


# The versions are looked into once each: their spec is large. Nobody speaks who has left.
_OWNERS = text("""
    WITH mine AS (
        SELECT d.id, d.version_id, d.lead_id, d.params ->> 'sender' AS said FROM delivery d
        WHERE d.id = ANY(:ids) AND d.version_id IS NOT NULL AND d.lead_id IS NOT NULL
    ), spoken AS MATERIALIZED (
        SELECT v.id FROM program_version v
        WHERE v.id IN (SELECT DISTINCT m.version_id FROM mine m) AND v.spec ->> 'sender' = 'owner'
    )
    SELECT m.id, u.name, u.email FROM mine m
    LEFT JOIN spoken ON spoken.id = m.version_id
    JOIN lead l ON l.id = m.lead_id
    JOIN user_account u ON u.id = l.owner_id AND u.disabled_at IS NULL
    WHERE m.said = 'owner' OR (m.said IS NULL AND spoken.id IS NOT NULL)
    UNION ALL
    SELECT m.id, coalesce(u.name, ''), m.said FROM mine m
    LEFT JOIN user_account u ON u.email = m.said
    WHERE m.said NOT IN ('owner', 'house') AND u.disabled_at IS NULL
""")


def owners(session: Session, delivery_ids: Sequence[int]) -> dict[int, Owner]:
    """In whose name each delivery is to go out, where its step or program names somebody who is there. One
    statement."""
    if not delivery_ids:
        return {}
    rows = session.execute(_OWNERS, {"ids": list(delivery_ids)})
    return {row.id: Owner(row.name, row.email) for row in rows}
