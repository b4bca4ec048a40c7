"""Consent as a ledger, per purpose, and the current state that sending reads."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class Consent(Base):
    """One entry of the ledger: given or withdrawn, with wording, channel, time and proof. Appended only.
    `state` is granted, pending (double opt-in not confirmed yet) or withdrawn."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_lead_id_at", "lead_id", "at"),)

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    purpose: Mapped[str]
    state: Mapped[str]
    at: Mapped[Instant]
    channel: Mapped[str]
    wording: Mapped[str] = mapped_column(server_default="")
    proof: Mapped[Json]


class LeadConsent(Base):
    """What holds now for a lead and a purpose, and the ledger entry it rests on."""

    __tablename__ = "lead_consent"

    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[bool]
    consent_id: Mapped[Ref] = mapped_column(ForeignKey("consent.id"))
    at: Mapped[Instant]
