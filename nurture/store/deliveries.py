"""Deliveries: one mail to one lead, whatever the purpose. The unique dedup_key is the guarantee."""

import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Count, Id, Instant, Json, Ref

STATES = (
    "scheduled",
    "ready",
    "leased",
    "sending",
    "sent",
    "deferred",
    "failed",
    "skipped",
    "cancelled",
    "uncertain",
)


class Delivery(Base):
    """One mail to one lead. `purpose`: chain, newsletter, test, confirmation, notice, transactional;
    `consent_purpose` is the consent it rests on (NULL: none needed). `reason` says why it was skipped,
    deferred, failed or cancelled. Leases run on PostgreSQL's clock. `params` carries what a mail needs
    beyond the lead (a confirmation link, say). Opens, clicks, bounces and complaints are facts about
    it, not its state."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_due",
            "due_at",
            "id",
            postgresql_where=text("state IN ('scheduled', 'ready', 'deferred')"),
        ),
        Index("ix_delivery_lease", "lease_until", postgresql_where=text("state IN ('leased', 'sending')")),
        Index("ix_delivery_lead_id_id", "lead_id", "id"),
        Index("ix_delivery_enrollment_id", "enrollment_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[Id]
    dedup_key: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    consent_purpose: Mapped[str | None]
    lead_id: Mapped[Ref | None] = mapped_column(ForeignKey("lead.id"))
    program_id: Mapped[Ref | None] = mapped_column(ForeignKey("program.id"))
    chain_id: Mapped[Ref | None] = mapped_column(ForeignKey("chain.id"))
    version_id: Mapped[Ref | None]
    enrollment_id: Mapped[Ref | None]
    step_key: Mapped[str | None]
    mail_version_id: Mapped[Ref] = mapped_column(ForeignKey("mail_version.id"))
    address: Mapped[str | None]
    params: Mapped[Json]
    message_id: Mapped[uuid.UUID] = mapped_column(Uuid, server_default=text("gen_random_uuid()"))
    state: Mapped[str] = mapped_column(server_default="ready")
    priority: Mapped[Count]
    due_at: Mapped[Instant]
    attempt_no: Mapped[Count]
    lease_token: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lease_until: Mapped[Instant | None]
    leased_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(server_default="")
    reply: Mapped[str | None]
    consent_id: Mapped[Ref | None]
    created_at: Mapped[Instant]
    first_tried_at: Mapped[Instant | None]
    sent_at: Mapped[Instant | None]
    settled_at: Mapped[Instant | None]
    opened_at: Mapped[Instant | None]
    clicked_at: Mapped[Instant | None]
    bounced_at: Mapped[Instant | None]
    complained_at: Mapped[Instant | None]


class DeliveryAttempt(Base):
    """One try at a server and what it answered. Appended only."""

    __tablename__ = "delivery_attempt"

    delivery_id: Mapped[Ref] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    attempt_no: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    outcome: Mapped[str]
    reply: Mapped[str] = mapped_column(server_default="")
    host: Mapped[str] = mapped_column(server_default="")


class TransportState(Base):
    """How a transport stands: the last sentence a person should read (a refused login, say)."""

    __tablename__ = "transport_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    ok: Mapped[bool]
    sentence: Mapped[str] = mapped_column(server_default="")
    since: Mapped[Instant]
    at: Mapped[Instant]
