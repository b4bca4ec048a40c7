"""Webhooks out: endpoints, messages with their fixed bytes, and every attempt to post them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.message_filter import passes
from nurture.rules.messages import PLENTIFUL, body
from nurture.store.base import Base, Count, Flag, Id, Instant, Json, Ref, Words


class WebhookEndpoint(Base):
    """A receiver. `secrets` are sealed (files/vault.py), newest first; empty `types` means all. `filter` is a
    condition on the message (`type`, `data.…`) that lets it through (NULL: all). `signing_key` (sealed) and
    `verify_key` are an Ed25519 pair for receivers that check by a public key; the pair `…_before` signs
    beside it until the next change. `mapping` is JSON that gives the body another shape (NULL: as it is),
    `headers` the receiver's own headers by name, their values sealed. Those `of_chains`
    are posted to by steps of chains alone."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        Index("uq_webhook_endpoint_of_chains", "url", unique=True, postgresql_where=text("of_chains")),
    )

    id: Mapped[Id]
    url: Mapped[str]
    types: Mapped[Words]
    secrets: Mapped[Words]
    created_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None]
    disabled_reason: Mapped[str] = mapped_column(server_default="")
    failing_since: Mapped[Instant | None]
    last_success_at: Mapped[Instant | None]
    filter: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    signing_key: Mapped[str | None]
    verify_key: Mapped[str | None]
    of_chains: Mapped[Flag]
    mapping: Mapped[str | None]
    headers: Mapped[Json]
    signing_key_before: Mapped[str | None]
    verify_key_before: Mapped[str | None]


class WebhookMessage(Base):
    """A message, its bytes fixed once. `id` is the webhook-id of every attempt; dedup_key makes
    writing it again harmless. `url`, where there is one, stands for the address of its endpoint."""

    __tablename__ = "webhook_message"
    __table_args__ = (Index("ix_webhook_message_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    dedup_key: Mapped[str] = mapped_column(unique=True)
    lead_id: Mapped[Ref | None]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]
    url: Mapped[str | None]


class WebhookPost(Base):
    """One message on its way to one endpoint. `state`: pending, posting, delivered, failed."""

    __tablename__ = "webhook_post"
    __table_args__ = (
        Index("ix_webhook_post_due", "due_at", "id", postgresql_where=text("state = 'pending'")),
        Index(
            "ix_webhook_post_endpoint",
            "endpoint_id",
            "due_at",
            "id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_webhook_post_receiver", "endpoint_id", "id"),
        Index("ix_webhook_post_given_up", "endpoint_id", postgresql_where=text("state = 'failed'")),
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
    """One attempt: what was answered, how long it took. `sent` is the body where it had another shape than
    the message's own. Appended only."""

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
    sent: Mapped[bytes | None] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be written. `dedup_key` names the fact it tells: writing it again does nothing."""

    type: str
    data: Mapping[str, Any]
    lead_id: int | None
    dedup_key: str


def write_message(
    session: Session,
    type: str,
    data: Mapping[str, Any],
    *,
    lead_id: int | None,
    dedup_key: str,
    now: datetime,
) -> str | None:
    """Write one message with a post for each endpoint that listens; its id, or None when it was written
    before or is of a plentiful type that nobody listens to."""
    return write_messages(session, [Message(type, data, lead_id, dedup_key)], now=now).get(dedup_key)


_WRITE = text("""
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:ids AS text[]), CAST(:types AS text[]), CAST(:keys AS text[]),
            CAST(:leads AS bigint[]), CAST(:bodies AS bytea[])
        ) AS given(id, type, dedup_key, lead_id, body)
    ), written AS (
        INSERT INTO webhook_message (id, type, dedup_key, lead_id, body, created_at)
        SELECT id, type, dedup_key, lead_id, body, :now FROM given
        WHERE type <> ALL(:plentiful) OR EXISTS (
            SELECT FROM webhook_endpoint e
            WHERE e.disabled_at IS NULL AND (e.types = '{}' OR given.type = ANY(e.types))
        )
        ON CONFLICT (dedup_key) DO NOTHING
        RETURNING id, type, dedup_key, lead_id
    ), posts AS (
        INSERT INTO webhook_post (message_id, endpoint_id, due_at)
        SELECT w.id, e.id, :now FROM written w
        JOIN webhook_endpoint e ON e.disabled_at IS NULL AND (e.types = '{}' OR w.type = ANY(e.types))
        WHERE NOT EXISTS (
            SELECT FROM unnest(CAST(:kept_keys AS text[]), CAST(:kept_from AS bigint[]))
                AS kept(key, endpoint)
            WHERE kept.key = w.dedup_key AND kept.endpoint = e.id
        )
        -- Nobody outside hears of invented leads.
        AND NOT EXISTS (SELECT FROM lead l WHERE l.id = w.lead_id AND l.demo)
    )
    SELECT dedup_key, id FROM written
""")


_FILTERS = text("SELECT id, filter FROM webhook_endpoint WHERE filter IS NOT NULL AND disabled_at IS NULL")


def write_messages(session: Session, messages: Sequence[Message], *, now: datetime) -> dict[str, str]:
    """Write a batch in one statement; the ids of those that are new, by dedup_key."""
    if not messages:
        return {}
    given = {
        "ids": [f"msg_{uuid4().hex}" for _ in messages],
        "types": [message.type for message in messages],
        "keys": [message.dedup_key for message in messages],
        "leads": [message.lead_id for message in messages],
        "bodies": [body(message.type, now, message.data) for message in messages],
        "plentiful": list(PLENTIFUL),
        "now": now,
    }
    kept = _filtered(session, messages, now)
    given |= {"kept_keys": [key for key, _ in kept], "kept_from": [endpoint for _, endpoint in kept]}
    return {row.dedup_key: row.id for row in session.execute(_WRITE, given)}


def _filtered(session: Session, messages: Sequence[Message], now: datetime) -> list[tuple[str, int]]:
    """Which messages are kept from which endpoints by their filters: dedup_key and endpoint."""
    narrow = session.execute(_FILTERS).all()
    return [
        (message.dedup_key, row.id)
        for row in narrow
        for message in messages
        if not passes(row.filter, message.type, message.data, now)
    ]


def messages(
    session: Session,
    *,
    before: tuple[datetime, str] | None = None,
    type: str | None = None,
    limit: int = 50,
) -> list[WebhookMessage]:
    """Messages, newest first, older than the (created_at, id) of the last one seen."""
    query = select(WebhookMessage).order_by(WebhookMessage.created_at.desc(), WebhookMessage.id.desc())
    if before is not None:
        at, message_id = before
        query = query.where(
            (WebhookMessage.created_at < at)
            | ((WebhookMessage.created_at == at) & (WebhookMessage.id < message_id))
        )
    if type is not None:
        query = query.where(WebhookMessage.type == type)
    return list(session.scalars(query.limit(limit)))


def attempts_of(session: Session, message_id: str) -> list[WebhookAttempt]:
    """Every attempt to post this message, oldest first."""
    query = (
        select(WebhookAttempt)
        .join(WebhookPost, WebhookPost.id == WebhookAttempt.post_id)
        .where(WebhookPost.message_id == message_id)
        .order_by(WebhookAttempt.id)
    )
    return list(session.scalars(query))
