"""Endpoints: who listens to what, whether they take what is posted, and the end of those that do not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nurture.rules.messages import body
from nurture.store.webhooks import WebhookEndpoint, WebhookMessage, WebhookPost


def note_success(session: Session, endpoint_id: int, *, now: datetime) -> None:
    """The endpoint takes posts. Most posts find it so already, and leave its row alone for a minute."""
    session.execute(
        text("""
            UPDATE webhook_endpoint SET failing_since = NULL, last_success_at = :now
            WHERE id = :id AND (failing_since IS NOT NULL OR last_success_at IS NULL
                OR last_success_at < CAST(:now AS timestamptz) - interval '1 minute')
        """),
        {"id": endpoint_id, "now": now},
    )


def note_failure(session: Session, endpoint_id: int, *, now: datetime) -> datetime:
    """The endpoint fails; since when without a success in between."""
    row = session.execute(
        text("""
            UPDATE webhook_endpoint SET failing_since = coalesce(failing_since, :now)
            WHERE id = :id RETURNING failing_since
        """),
        {"id": endpoint_id, "now": now},
    ).one()
    since: datetime = row.failing_since
    return since


def disable(session: Session, endpoint_id: int, reason: str, *, now: datetime) -> bool:
    """Post nothing more there; whether that is news. What waits stays, and goes out if the endpoint is
    enabled again."""
    done = session.execute(
        text("""
            UPDATE webhook_endpoint SET disabled_at = :now, disabled_reason = :reason
            WHERE id = :id AND disabled_at IS NULL RETURNING id
        """),
        {"id": endpoint_id, "reason": reason, "now": now},
    )
    return done.scalar_one_or_none() is not None


def add(session: Session, url: str, types: Sequence[str], sealed: str, *, now: datetime) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(url=url, types=list(types), secrets=[sealed], created_at=now)
    session.add(endpoint)
    session.flush()
    return endpoint


def page(session: Session, *, after: int = 0, limit: int = 500) -> list[WebhookEndpoint]:
    """Endpoints in the order they were made, those after the id `after`."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id > after).order_by(WebhookEndpoint.id)
    return list(session.scalars(query.limit(limit)))


def post_test(session: Session, endpoint_id: int, data: Mapping[str, Any], *, now: datetime) -> str:
    """A `webhook.test` message for this endpoint alone, whatever types it listens to; its id."""
    message_id = f"msg_{uuid4().hex}"
    session.add(
        WebhookMessage(
            id=message_id,
            type="webhook.test",
            dedup_key=f"webhook.test:{message_id}",
            body=body("webhook.test", now, data),
            created_at=now,
        )
    )
    session.flush()
    session.add(WebhookPost(message_id=message_id, endpoint_id=endpoint_id, due_at=now))
    session.flush()
    return message_id


def get(session: Session, endpoint_id: int, *, lock: bool = False) -> WebhookEndpoint | None:
    """One endpoint, locked for a change if asked."""
    return session.get(WebhookEndpoint, endpoint_id, with_for_update=lock, populate_existing=lock)
