"""Consent as a ledger, per purpose, and the current state that sending reads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref
from nurture.store.segments import mark_dirty


class Consent(Base):
    """One entry of the ledger: given or withdrawn, with wording, channel, time and proof. Appended only.
    `state` is granted, pending (double opt-in not confirmed yet) or withdrawn."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_lead_id_at", "lead_id", "at"),)

    id: Mapped[Id]
    lead_id: Mapped[Ref]
    purpose: Mapped[str]
    state: Mapped[str]
    at: Mapped[Instant]
    channel: Mapped[str]
    wording: Mapped[str] = mapped_column(server_default="")
    proof: Mapped[Json]


class LeadConsent(Base):
    """What holds now for a lead and a purpose, and the ledger entry it rests on."""

    __tablename__ = "lead_consent"
    __table_args__ = (
        Index("ix_lead_consent_purpose_lead_id", "purpose", "lead_id", postgresql_where=text("granted")),
    )

    lead_id: Mapped[Ref] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[bool]
    consent_id: Mapped[Ref]
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class NewConsent:
    """One entry for the ledger. `state` is granted, pending or withdrawn; `channel` is where it was said
    (form, import, api, mail, page); `wording` the words that were agreed to; `proof` what shows it."""

    lead_id: int
    purpose: str
    state: str
    channel: str
    wording: str = ""
    proof: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry as it stands in the ledger."""

    id: int
    lead_id: int
    purpose: str
    state: str
    at: datetime
    channel: str
    wording: str
    proof: Mapping[str, Any]


# A pending consent waits beside what holds: it is not yet a yes, and it takes no yes away. A no waits to be
# kept by the hash of each address that the lead has (store/kept_nos).
_WRITE = text(
    """
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:leads AS bigint[]), CAST(:purposes AS text[]), CAST(:states AS text[]),
            CAST(:channels AS text[]), CAST(:wordings AS text[]), CAST(:proofs AS text[])
        ) WITH ORDINALITY AS g (lead_id, purpose, state, channel, wording, proof, place)
    ), entered AS (
        INSERT INTO consent (lead_id, purpose, state, at, channel, wording, proof)
        SELECT lead_id, purpose, state, :now, channel, wording, CAST(proof AS jsonb)
        FROM given ORDER BY place
        RETURNING id, lead_id, purpose, state
    ), standing AS (
        INSERT INTO lead_consent AS held (lead_id, purpose, granted, consent_id, at)
        SELECT lead_id, purpose, state = 'granted', id, :now
        FROM entered ORDER BY lead_id, purpose
        ON CONFLICT (lead_id, purpose) DO UPDATE
        SET granted = excluded.granted, consent_id = excluded.consent_id, at = excluded.at
        WHERE NOT held.granted
           OR (SELECT state FROM entered WHERE id = excluded.consent_id) <> 'pending'
    ), kept AS (
        INSERT INTO no_to_keep (email_norm, purpose, lead_id, consent_id, at)
        SELECT known.email_norm, e.purpose, e.lead_id, e.id, :now
        FROM entered e JOIN lead l ON l.id = e.lead_id AND NOT l.demo
        CROSS JOIN LATERAL (
            SELECT l.email_norm UNION SELECT a.email_norm FROM lead_alias a WHERE a.lead_id = e.lead_id
        ) known
        WHERE e.state = 'withdrawn' AND known.email_norm IS NOT NULL
    )
    SELECT id FROM entered ORDER BY id
    """
)
_PURPOSES = text(
    """
    SELECT purpose FROM program
    UNION SELECT purpose FROM lead_consent WHERE lead_id = :lead_id
    UNION SELECT 'marketing'
    ORDER BY purpose
    """
)
# Two clicks on the same button take turns here; nothing else is held up by it.
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('consent:' || :lead_id, 0))")


def write(session: Session, rows: Sequence[NewConsent], *, now: datetime) -> list[int]:
    """Append entries to the ledger and bring the current state up to date, in one statement; their ids in
    the order given. A lead may occur once for each purpose."""
    if not rows:
        return []
    values = {
        "leads": [row.lead_id for row in rows],
        "purposes": [row.purpose for row in rows],
        "states": [row.state for row in rows],
        "channels": [row.channel for row in rows],
        "wordings": [row.wording for row in rows],
        "proofs": [json.dumps(dict(row.proof)) for row in rows],
        "now": now,
    }
    mark_dirty(session, [row.lead_id for row in rows])
    return list(session.scalars(_WRITE, values))


def standing(session: Session, lead_id: int) -> dict[str, str]:
    """What holds now, by purpose: granted, pending or withdrawn. A purpose never asked about is missing."""
    rows = session.execute(
        select(LeadConsent.purpose, Consent.state)
        .join(Consent, Consent.id == LeadConsent.consent_id)
        .where(LeadConsent.lead_id == lead_id)
    )
    return {row.purpose: row.state for row in rows}


_LEFT = text(
    """
    SELECT EXISTS (
        SELECT FROM (
            SELECT DISTINCT ON (purpose) state FROM consent
            WHERE lead_id = :lead_id AND state <> 'pending' ORDER BY purpose, id DESC
        ) said WHERE said.state = 'withdrawn'
    )
    """
)


def has_left(session: Session, lead_id: int) -> bool:
    """Whether the last word of a lead about any purpose was a no; a question that waits is no word."""
    return bool(session.scalar(_LEFT, {"lead_id": lead_id}))


# A question that waits for its answer takes no no back: anybody may have typed the address into a form.
_REFUSED = text(
    """
    SELECT k.lead_id, k.purpose FROM lead_consent k
    CROSS JOIN LATERAL (
        SELECT state FROM consent
        WHERE lead_id = k.lead_id AND purpose = k.purpose AND state <> 'pending' ORDER BY id DESC LIMIT 1
    ) said
    WHERE k.lead_id = ANY(CAST(:leads AS bigint[])) AND NOT k.granted AND said.state = 'withdrawn'
    """
)


def refused(session: Session, lead_ids: Sequence[int]) -> set[tuple[int, str]]:
    """What these leads have taken their yes back for, by lead and purpose, whatever they were asked since."""
    rows = session.execute(_REFUSED, {"leads": list(lead_ids)}) if lead_ids else ()
    return {(row.lead_id, row.purpose) for row in rows}


def refused_by(session: Session, family: Sequence[int]) -> set[str]:
    """The purposes that these leads, who are one person, have said no to."""
    return {purpose for _lead, purpose in refused(session, family)}


def granted(session: Session, lead_ids: Sequence[int]) -> set[tuple[int, str]]:
    """What these leads agree to, by lead and purpose."""
    query = select(LeadConsent.lead_id, LeadConsent.purpose)
    rows = session.execute(query.where(LeadConsent.lead_id.in_(lead_ids), LeadConsent.granted))
    return {(row.lead_id, row.purpose) for row in rows}


def standing_entry(session: Session, lead_id: int, purpose: str) -> int | None:
    """The entry of the ledger on which rests what holds now."""
    held = session.get(LeadConsent, (lead_id, purpose), populate_existing=True)
    return held.consent_id if held is not None else None


def refusals(session: Session, lead_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """The entries by which these leads do not agree, by lead and purpose: withdrawn, or not confirmed. Who
    was never asked has none."""
    rows = session.execute(
        select(LeadConsent.lead_id, LeadConsent.purpose, LeadConsent.consent_id).where(
            LeadConsent.lead_id.in_(lead_ids), ~LeadConsent.granted
        )
    )
    return {(row.lead_id, row.purpose): row.consent_id for row in rows}


def held(session: Session, lead_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """The entry that what holds rests on, by lead and purpose."""
    query = select(LeadConsent.lead_id, LeadConsent.purpose, LeadConsent.consent_id)
    rows = session.execute(query.where(LeadConsent.lead_id.in_(lead_ids)))
    return {(row.lead_id, row.purpose): row.consent_id for row in rows}


def decided(session: Session, lead_ids: Sequence[int], purpose: str) -> set[int]:
    """Those of the leads who have said yes or no to a purpose themselves: agreed, or taken a yes back."""
    query = select(LeadConsent.lead_id).where(
        LeadConsent.lead_id.in_(lead_ids), LeadConsent.purpose == purpose, LeadConsent.granted
    )
    no = {lead for lead, refusal in refused(session, lead_ids) if refusal == purpose}
    return set(session.scalars(query)) | no


def let_go_of(session: Session, purpose: str, entries: Mapping[int, int]) -> list[int]:
    """Nothing holds any more for the leads for whom what holds rests on this entry, by lead; those leads."""
    query = text(
        "DELETE FROM lead_consent c USING unnest(CAST(:leads AS bigint[]), CAST(:entries AS bigint[]))"
        " AS g (lead_id, entry) WHERE c.lead_id = g.lead_id AND c.purpose = :purpose"
        " AND c.consent_id = g.entry RETURNING c.lead_id"
    )
    given = {"leads": list(entries), "entries": list(entries.values()), "purpose": purpose}
    gone = sorted(session.scalars(query, given))
    mark_dirty(session, gone)
    return gone


def let_go(session: Session, lead_id: int, purpose: str) -> None:
    """Nothing holds for this purpose, as if it had never been asked; the ledger keeps what was."""
    mark_dirty(session, [lead_id])
    session.execute(
        text("DELETE FROM lead_consent WHERE lead_id = :lead AND purpose = :purpose"),
        {"lead": lead_id, "purpose": purpose},
    )


def ledger(session: Session, lead_id: int) -> list[LedgerEntry]:
    """Everything a lead ever said, oldest first."""
    rows = session.scalars(select(Consent).where(Consent.lead_id == lead_id).order_by(Consent.at, Consent.id))
    return [
        LedgerEntry(
            id=row.id,
            lead_id=row.lead_id,
            purpose=row.purpose,
            state=row.state,
            at=row.at,
            channel=row.channel,
            wording=row.wording,
            proof=row.proof,
        )
        for row in rows
    ]


def entry(session: Session, consent_id: int) -> Consent | None:
    """One entry of the ledger."""
    return session.get(Consent, consent_id)


def purposes_of(session: Session, entries: Sequence[int]) -> list[str]:
    """What these entries of the ledger are about."""
    return sorted(set(session.scalars(select(Consent.purpose).where(Consent.id.in_(entries)))))


def purposes_for(session: Session, lead_id: int) -> list[str]:
    """Every purpose that this lead could be mailed for: those of programs and those once asked about."""
    return list(session.scalars(_PURPOSES, {"lead_id": lead_id}))


def take_turn(session: Session, lead_id: int) -> None:
    """Wait until no other transaction changes this lead's consents, and keep others waiting."""
    session.execute(_TURN, {"lead_id": str(lead_id)})
