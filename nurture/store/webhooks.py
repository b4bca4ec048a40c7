"""Webhooks out: endpoints, messages with their fixed bytes, and every attempt to post them."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Count, Id, Instant, Ref, Words


class WebhookEndpoint(Base):
    """A receiver. `secrets` are sealed (files/vault.py), newest first; empty `types` means all."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[Id]
    url: Mapped[str]
    types: Mapped[Words]
    secrets: Mapped[Words]
    created_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None]
    disabled_reason: Mapped[str] = mapped_column(server_default="")
    failing_since: Mapped[Instant | None]
    last_success_at: Mapped[Instant | None]


class WebhookMessage(Base):
    """A message, its bytes fixed once. `id` is the webhook-id of every attempt; dedup_key makes
    writing it again harmless."""

    __tablename__ = "webhook_message"
    __table_args__ = (Index("ix_webhook_message_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    dedup_key: Mapped[str] = mapped_column(unique=True)
    lead_id: Mapped[Ref | None]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]


class WebhookPost(Base):
    """One message on its way to one endpoint. `state`: pending, posting, delivered, failed."""

    __tablename__ = "webhook_post"
    __table_args__ = (
        Index("ix_webhook_post_due", "due_at", "id", postgresql_where=text("state = 'pending'")),
        Index("ix_webhook_post_lease", "lease_until", postgresql_where=text("state = 'posting'")),
        Index("uq_webhook_post_message_id_endpoint_id", "message_id", "endpoint_id", unique=True),
        CheckConstraint("state IN ('pending', 'posting', 'delivered', 'failed')", name="state"),
    )

    id: Mapped[Id]
    message_id: Mapped[str] = mapped_column(ForeignKey("webhook_message.id"))
    endpoint_id: Mapped[Ref] = mapped_column(ForeignKey("webhook_endpoint.id"))
    state: Mapped[str] = mapped_column(server_default="pending")
    attempt_no: Mapped[Count]
    due_at: Mapped[Instant]
    lease_token: Mapped[Count]
    lease_until: Mapped[Instant | None]
    delivered_at: Mapped[Instant | None]


class WebhookAttempt(Base):
    """One attempt: what was answered, how long it took. Appended only."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index("ix_webhook_attempt_post_id", "post_id"),)

    id: Mapped[Id]
    post_id: Mapped[Ref] = mapped_column(ForeignKey("webhook_post.id"))
    attempt_no: Mapped[int]
    at: Mapped[Instant]
    status: Mapped[int | None]
    millis: Mapped[int]
    reply: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(server_default="")
