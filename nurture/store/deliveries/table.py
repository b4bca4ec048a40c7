"""The table of deliveries, and what is read and queued one at a time."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Text, Uuid, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Count, Id, Instant, Json, Ref
from nurture.store.mails import MailVersion

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
    it, not its state; those by people stand apart from those by machines. `remote_id` is the name under
    which it travels on, where a service put its own in the place of ours; `booked_scopes` the quotas that it
    was booked on at `booked_at`, given back if it does not go out (store/pacing)."""

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
        Index(
            "ix_delivery_enrollment_id",
            "enrollment_id",
            postgresql_where=text("state IN ('scheduled', 'ready', 'leased', 'deferred')"),
        ),
        Index(
            "ix_delivery_newsletter_id",
            "newsletter_id",
            postgresql_where=text(
                "newsletter_id IS NOT NULL"
                " AND state IN ('scheduled', 'ready', 'leased', 'sending', 'deferred')"
            ),
        ),
        # Few among many that were sent, and asked for by name.
        Index(
            "ix_delivery_rare",
            "state",
            "id",
            postgresql_where=text("state IN ('deferred', 'failed', 'skipped', 'cancelled', 'uncertain')"),
        ),
        Index(
            "ix_delivery_notice_lead",
            text("(CAST(params ->> 'lead_id' AS bigint))"),
            postgresql_where=text("purpose = 'notice'"),
        ),
        Index("ix_delivery_remote_id", "remote_id", postgresql_where=text("remote_id IS NOT NULL")),
        CheckConstraint(f"state IN {STATES}", name="state"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[Id]
    dedup_key: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    consent_purpose: Mapped[str | None]
    lead_id: Mapped[Ref | None]
    program_id: Mapped[Ref | None]
    chain_id: Mapped[Ref | None]
    version_id: Mapped[Ref | None]
    enrollment_id: Mapped[Ref | None]
    step_key: Mapped[str | None]
    mail_version_id: Mapped[Ref]
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
    machine_opened_at: Mapped[Instant | None]
    machine_clicked_at: Mapped[Instant | None]
    bounced_at: Mapped[Instant | None]
    complained_at: Mapped[Instant | None]
    newsletter_id: Mapped[Ref | None]
    in_doubt_at: Mapped[Instant | None]
    remote_id: Mapped[str | None]
    booked_scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    booked_at: Mapped[Instant | None]


class DeliveryAttempt(Base):
    """One try at a server and what it answered. Appended only."""

    __tablename__ = "delivery_attempt"

    delivery_id: Mapped[Ref] = mapped_column(primary_key=True)
    attempt_no: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    outcome: Mapped[str]
    reply: Mapped[str] = mapped_column(server_default="")
    host: Mapped[str] = mapped_column(server_default="")
    transport: Mapped[str] = mapped_column(server_default="")


_TOLD = text("""
    SELECT d.id, d.lead_id, d.address, d.purpose, m.key AS mail, p.key AS program, d.step_key AS step
    FROM delivery d
    JOIN mail_version v ON v.id = d.mail_version_id JOIN mail m ON m.id = v.mail_id
    LEFT JOIN program p ON p.id = d.program_id
    WHERE d.id = ANY(:ids)
""")


def told(session: Session, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """What webhooks tell of deliveries: lead_id, address, purpose, mail, program, step."""
    return {row.id: row._asdict() for row in session.execute(_TOLD, {"ids": list(ids)})}


def queue(
    session: Session,
    *,
    dedup_key: str,
    purpose: str,
    mail_version_id: int,
    lead_id: int | None,
    address: str | None,
    params: Mapping[str, Any],
    now: datetime,
    consent_id: int | None = None,
) -> int | None:
    """A single delivery that needs no consent, due now; None when it was queued before. `consent_id` is the
    entry of the ledger that it is about, such as the one that it asks to confirm."""
    statement = insert(Delivery).values(
        dedup_key=dedup_key,
        purpose=purpose,
        mail_version_id=mail_version_id,
        lead_id=lead_id,
        address=address,
        params=dict(params),
        consent_id=consent_id,
        due_at=now,
        created_at=now,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["dedup_key"])
    return session.execute(statement.returning(Delivery.id)).scalar_one_or_none()


def get(session: Session, delivery_id: int) -> Delivery | None:
    return session.get(Delivery, delivery_id)


def attempts_of(session: Session, delivery_id: int) -> list[DeliveryAttempt]:
    """Every try of a delivery, oldest first."""
    query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)
    return list(session.scalars(query.order_by(DeliveryAttempt.attempt_no)))


def page(
    session: Session,
    *,
    lead_id: int | None = None,
    state: str | None = None,
    program_id: int | None = None,
    mail_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int = 0,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries, newest first, older than the id of the last one seen (0: from the top)."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(limit)
    if before:
        query = query.where(Delivery.id < before)
    if lead_id is not None:
        query = query.where(Delivery.lead_id == lead_id)
    if state is not None:
        query = query.where(Delivery.state == state)
    if program_id is not None:
        query = query.where(Delivery.program_id == program_id)
    if mail_id is not None:
        versions = select(MailVersion.id).where(MailVersion.mail_id == mail_id)
        query = query.where(Delivery.mail_version_id.in_(versions))
    if since is not None:
        query = query.where(Delivery.created_at >= since)
    if until is not None:
        query = query.where(Delivery.created_at < until)
    return list(session.scalars(query))
