"""Newsletters one by one, and what became of one for one lead."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nurture.store.newsletters.readers import Wait
from nurture.store.newsletters.table import Newsletter

_MAILS_OF = text(
    """
    SELECT newsletter_id, id, state, reason, due_at, created_at, settled_at, sent_at, bounced_at, consent_id
    FROM delivery WHERE dedup_key = ANY(:keys)
    """
)
_WAITS_OF = text(
    """
    SELECT newsletter_id, due_at, reason FROM newsletter_wait
    WHERE newsletter_id = ANY(:ids) AND lead_id = :lead_id
    """
)


def get(session: Session, newsletter_id: int) -> Newsletter | None:
    return session.get(Newsletter, newsletter_id)


def lock(session: Session, newsletter_id: int) -> Newsletter | None:
    """The newsletter, held against whoever lets it go out."""
    return session.get(Newsletter, newsletter_id, with_for_update=True, populate_existing=True)


def page(session: Session, *, before: int | None = None, limit: int = 50) -> list[Newsletter]:
    """Newsletters, newest first, those before the id of the last one seen."""
    query = select(Newsletter).order_by(Newsletter.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(Newsletter.id < before)))


def recent(session: Session, *, limit: int) -> list[Newsletter]:
    """The newest newsletters that are more than a draft."""
    query = select(Newsletter).where(Newsletter.state != "draft").order_by(Newsletter.id.desc())
    return list(session.scalars(query.limit(limit)))


def mails_of(session: Session, ids: Sequence[int], lead_id: int) -> dict[int, dict[str, Any]]:
    """The deliveries of these newsletters to the lead, by newsletter, as rules/why reads them."""
    keys = [f"newsletter:{one}:{lead_id}" for one in ids]
    rows = (dict(row) for row in session.execute(_MAILS_OF, {"keys": keys}).mappings())
    return {row.pop("newsletter_id"): row for row in rows}


def waits_of(session: Session, ids: Sequence[int], lead_id: int) -> dict[int, Wait]:
    """What the lead waits for, by newsletter."""
    rows = session.execute(_WAITS_OF, {"ids": list(ids), "lead_id": lead_id})
    return {row.newsletter_id: Wait(lead_id, row.due_at, row.reason) for row in rows}
