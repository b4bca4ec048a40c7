"""In whose name deliveries go out, where it is not the default sender's: what step, mail, newsletter or
program says, in this order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store import batch


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, by name (empty: that of the house) and address. `named` for a sender of the settings;
    others (the lead's owner, an address) speak only where their domain proves what comes from it."""

    name: str
    email: str
    reply_to: str | None
    named: bool = False


# Versions and mails are looked into once each: they are large. Nobody speaks who has left; a key that no
# sender has any more leaves it to the default.
_VOICES = text("""
    WITH mine AS (
        SELECT d.id, d.version_id, d.mail_version_id, d.newsletter_id, d.lead_id,
               d.params ->> 'sender' AS said
        FROM delivery d WHERE d.id = ANY(CAST(:ids AS bigint[]))
    ), of_mails AS MATERIALIZED (
        SELECT v.id, v.source ->> 'sender' AS said FROM mail_version v
        WHERE v.id IN (SELECT DISTINCT m.mail_version_id FROM mine m) AND v.source ? 'sender'
    ), of_programs AS MATERIALIZED (
        SELECT v.id, v.spec ->> 'sender' AS said FROM program_version v
        WHERE v.id IN (SELECT DISTINCT m.version_id FROM mine m) AND v.spec ? 'sender'
    ), meant AS (
        SELECT m.id, m.lead_id, lower(coalesce(m.said, a.said, n.sender_key, p.said)) AS said
        FROM mine m
        LEFT JOIN of_mails a ON a.id = m.mail_version_id
        LEFT JOIN of_programs p ON p.id = m.version_id
        LEFT JOIN newsletter n ON n.id = m.newsletter_id
    )
    SELECT m.id, s.name, s.email, s.reply_to, true AS named
    FROM meant m JOIN sender s ON s.key = m.said AND NOT s.is_default
    UNION ALL
    SELECT m.id, u.name, u.email, u.email, false
    FROM meant m
    JOIN lead l ON l.id = m.lead_id
    JOIN user_account u ON u.id = l.owner_id AND u.disabled_at IS NULL
    WHERE m.said = 'owner'
    UNION ALL
    SELECT m.id, coalesce(u.name, ''), m.said, m.said, false
    FROM meant m LEFT JOIN user_account u ON u.email = m.said
    WHERE m.said LIKE '%@%' AND u.disabled_at IS NULL
""")


_OWNER = text("""
    SELECT u.name, u.email FROM lead l
    JOIN user_account u ON u.id = l.owner_id AND u.disabled_at IS NULL
    WHERE l.id = :lead_id
""")


def owner_of(session: Session, lead_id: int) -> Voice | None:
    """The owner of a lead, who speaks where `owner` is said."""
    row = session.execute(_OWNER, {"lead_id": lead_id}).one_or_none()
    return Voice(row.name, row.email, row.email) if row is not None else None


def voices(session: Session, delivery_ids: Sequence[int]) -> dict[int, Voice]:
    """In whose name each delivery is to go out, where that is somebody else than the default sender. One
    statement."""
    if not delivery_ids:
        return {}
    rows = session.execute(_VOICES, {"ids": batch.numbers(delivery_ids)})
    return {row.id: Voice(row.name, row.email, row.reply_to, row.named) for row in rows}
