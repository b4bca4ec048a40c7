"""Leads to be judged anew, though nothing was done by or to them: what is known of their company changed."""

from collections.abc import Sequence

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import batch
from nurture.store.base import Base, Ref


class UnjudgedLead(Base):
    """A lead that waits for flows/judge_leads."""

    __tablename__ = "unjudged_lead"

    lead_id: Mapped[Ref] = mapped_column(
        ForeignKey("lead.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


# A row that is there is locked, not left alone: whoever judges the lead just now may not know of the change.
_NOTE = text(
    """
    INSERT INTO unjudged_lead (lead_id)
    SELECT id FROM lead WHERE company_id = ANY(CAST(:companies AS bigint[])) AND erased_at IS NULL ORDER BY id
    ON CONFLICT (lead_id) DO UPDATE SET lead_id = excluded.lead_id
    """
)
# The leads first: whoever changes one holds it already when noting others.
_TAKE = text(
    """
    WITH free AS MATERIALIZED (
        SELECT l.id FROM unjudged_lead u JOIN lead l ON l.id = u.lead_id
        ORDER BY l.id LIMIT :limit FOR NO KEY UPDATE OF l SKIP LOCKED
    )
    DELETE FROM unjudged_lead u USING free WHERE u.lead_id = free.id RETURNING u.lead_id
    """
)


def note_contacts(session: Session, company_ids: Sequence[int]) -> None:
    """The contacts of these companies are to be judged anew."""
    if company_ids:
        session.execute(_NOTE, {"companies": batch.numbers(company_ids)})


def take(session: Session, limit: int) -> list[int]:
    """Up to `limit` noted leads, locked, that nobody else has; they are noted again by a rollback."""
    return list(session.scalars(_TAKE, {"limit": limit}))
