"""Webhook endpoints and messages as the pages show them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from nurture.store.lead_names import CALLED
from nurture.store.leads import Lead
from nurture.store.webhooks import WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookPost

PAGE = 50
_LATELY = 8


@dataclass(frozen=True)
class MessageRow:
    """A message and how it fares: posts by state. `lead` is what its lead is called, "" without one."""

    id: str
    type: str
    lead_id: int | None
    lead: str
    created_at: datetime
    delivered: int
    waiting: int
    failed: int


@dataclass(frozen=True)
class PostRow:
    """A message on its way to one endpoint, with every attempt."""

    post: WebhookPost
    url: str
    attempts: list[WebhookAttempt]


@dataclass(frozen=True)
class MessagePage:
    message: WebhookMessage
    posts: list[PostRow]


def endpoints(session: Session) -> list[WebhookEndpoint]:
    """All of them: a company has a handful."""
    return list(session.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.id).limit(200)))


def messages(
    session: Session, *, after: tuple[datetime, str] | None, limit: int = PAGE
) -> tuple[list[MessageRow], tuple[datetime, str] | None]:
    """Two statements, newest first; the rows and where the next page begins."""
    query = select(
        WebhookMessage.id, WebhookMessage.type, WebhookMessage.lead_id, CALLED, WebhookMessage.created_at
    ).outerjoin(Lead, Lead.id == WebhookMessage.lead_id)
    query = query.order_by(WebhookMessage.created_at.desc(), WebhookMessage.id.desc())
    if after is not None:
        query = query.where(tuple_(WebhookMessage.created_at, WebhookMessage.id) < after)
    found = session.execute(query.limit(limit + 1)).all()
    states = session.execute(
        select(WebhookPost.message_id, WebhookPost.state, func.count())
        .where(WebhookPost.message_id.in_([row.id for row in found]))
        .group_by(WebhookPost.message_id, WebhookPost.state)
    )
    by_message: dict[str, dict[str, int]] = {}
    for message_id, state, count in states:
        by_message.setdefault(message_id, {})[state] = count
    rows = [
        _row(id, type, lead_id, lead, at, by_message.get(id, {}))
        for id, type, lead_id, lead, at in found[:limit]
    ]
    return rows, (rows[-1].created_at, rows[-1].id) if len(found) > limit else None


def message(session: Session, message_id: str) -> MessagePage | None:
    """Three statements."""
    found = session.get(WebhookMessage, message_id)
    if found is None:
        return None
    posts = session.execute(
        select(WebhookPost, WebhookEndpoint.url)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookPost.endpoint_id)
        .where(WebhookPost.message_id == message_id)
        .order_by(WebhookPost.id)
    )
    attempts = session.scalars(
        select(WebhookAttempt)
        .join(WebhookPost, WebhookPost.id == WebhookAttempt.post_id)
        .where(WebhookPost.message_id == message_id)
        .order_by(WebhookAttempt.id.desc())
    ).all()
    return MessagePage(
        found,
        [
            PostRow(post, url, [attempt for attempt in attempts if attempt.post_id == post.id])
            for post, url in posts
        ],
    )


@dataclass(frozen=True)
class Health:
    """How a receiver fares: what waits for it, what was given up, and the last attempts, newest first, each
    with the message it was for."""

    waiting: int
    given_up: int
    attempts: list[tuple[WebhookAttempt, str, str]]


_MOST_COUNTED = 1_000


def health(session: Session, endpoint_id: int) -> Health:
    """Two statements; counts go to a thousand."""
    counts = session.execute(
        text("""
            SELECT (SELECT count(*) FROM (SELECT FROM webhook_post WHERE endpoint_id = :id
                        AND state = 'pending' LIMIT :most) AS w) AS waiting,
                   (SELECT count(*) FROM (SELECT FROM webhook_post WHERE endpoint_id = :id
                        AND state = 'failed' LIMIT :most) AS f) AS given_up
        """),
        {"id": endpoint_id, "most": _MOST_COUNTED},
    ).one()
    lately = (
        select(WebhookPost.id, WebhookPost.message_id)
        .where(WebhookPost.endpoint_id == endpoint_id)
        .order_by(WebhookPost.id.desc())
        .limit(_LATELY)
        .subquery()
    )
    attempts = session.execute(
        select(WebhookAttempt, WebhookMessage.id, WebhookMessage.type)
        .join(lately, lately.c.id == WebhookAttempt.post_id)
        .join(WebhookMessage, WebhookMessage.id == lately.c.message_id)
        .order_by(WebhookAttempt.id.desc())
        .limit(_LATELY)
    )
    return Health(counts.waiting, counts.given_up, [(row[0], row[1], row[2]) for row in attempts])


def _row(
    id: str,
    type: str,
    lead_id: int | None,
    lead: str,
    created_at: datetime,
    states: dict[str, int],
) -> MessageRow:
    waiting = states.get("pending", 0) + states.get("posting", 0)
    return MessageRow(
        id, type, lead_id, lead, created_at, states.get("delivered", 0), waiting, states.get("failed", 0)
    )
