"""Newsletters one by one, and what became of one for one lead."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nurture.store.newsletters.readers import Wait
from nurture.store.newsletters.table import Newsletter

_MAIL_OF = text(
    """
    SELECT id, state, reason, due_at, created_at, settled_at, sent_at, bounced_at, consent_id
    FROM delivery WHERE dedup_key = 'newsletter:' || CAST(:id AS bigint) || ':' || CAST(:lead_id AS bigint)
    """
)
_WAIT_OF = text("SELECT due_at, reason FROM newsletter_wait WHERE newsletter_id = :id AND lead_id = :lead_id")


def get(session: Session, newsletter_id: int) -> Newsletter | None:
    return session.get(Newsletter, newsletter_id)


def lock(session: Session, newsletter_id: int) -> Newsletter | None:
    """The newsletter, held against whoever lets it go out."""
    return session.get(Newsletter, newsletter_id, with_for_update=True, populate_existing=True)


def page(session: Session, *, before: int | None = None, limit: int = 50) -> list[Newsletter]:
    """Newsletters, newest first, those before the id of the last one seen."""
    query = select(Newsletter).order_by(Newsletter.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(Newsletter.id < before)))


def mail_of(session: Session, newsletter_id: int, lead_id: int) -> Mapping[str, Any] | None:
    """The delivery of the newsletter to the lead, as rules/why reads it."""
    row = session.execute(_MAIL_OF, {"id": newsletter_id, "lead_id": lead_id}).mappings().first()
    return None if row is None else dict(row)


def wait_of(session: Session, newsletter_id: int, lead_id: int) -> Wait | None:
    """What the lead waits for."""
    row = session.execute(_WAIT_OF, {"id": newsletter_id, "lead_id": lead_id}).first()
    return None if row is None else Wait(lead_id, row.due_at, row.reason)
