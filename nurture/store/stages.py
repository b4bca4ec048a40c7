"""The funnel's record: every move of a stage, with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, Session

from nurture.store.base import Base, Id, Instant, Ref
from nurture.store.segments import mark_dirty
from nurture.store.webhooks import Message, write_messages


class StageChange(Base):
    """A lead moved from one stage to another. Appended only; `by` is a user, a key or a flow."""

    __tablename__ = "stage_change"
    __table_args__ = (Index("ix_stage_change_lead_id_at", "lead_id", "at"), Index("ix_stage_change_at", "at"))

    id: Mapped[Id]
    lead_id: Mapped[Ref]
    at: Mapped[Instant]
    old: Mapped[str | None]
    new: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]


@dataclass(frozen=True, slots=True)
class StageMove:
    """A lead that goes to the stage `to`, for a reason."""

    lead_id: int
    to: str
    reason: str


# The old stage is read from the locked row itself, so that the record is of what was really left.
_MOVE = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:leads AS bigint[]), CAST(:to AS text[]), CAST(:reasons AS text[]))
        AS given(lead_id, new, reason)
    ), leaving AS (
        SELECT l.id, l.stage AS old, l.email, given.new, given.reason
        FROM lead l JOIN given ON given.lead_id = l.id
        WHERE l.stage <> given.new ORDER BY l.id FOR NO KEY UPDATE OF l
    ), moved AS (
        UPDATE lead SET stage = leaving.new, stage_since = :now, updated_at = :now
        FROM leaving WHERE lead.id = leaving.id
    ), recorded AS (
        INSERT INTO stage_change (lead_id, at, old, new, reason, by)
        SELECT id, :now, old, new, reason, :by FROM leaving
        RETURNING id, lead_id
    )
    SELECT recorded.id, leaving.id AS lead_id, email, old, new, reason
    FROM recorded JOIN leaving ON leaving.id = recorded.lead_id ORDER BY recorded.id
""")


def move(session: Session, moves: Sequence[StageMove], *, now: datetime, by: str) -> list[int]:
    """Move leads, record each move and write its `lead.stage_changed`, in two statements; the leads that
    were not there already. A lead may occur once."""
    if not moves:
        return []
    given = {
        "leads": [move.lead_id for move in moves],
        "to": [move.to for move in moves],
        "reasons": [move.reason for move in moves],
        "now": now,
        "by": by,
    }
    changes = session.execute(_MOVE, given).all()
    mark_dirty(session, [change.lead_id for change in changes])
    messages = [
        Message(
            "lead.stage_changed",
            {
                "lead": {"id": change.lead_id, "email": change.email},
                "old": change.old,
                "new": change.new,
                "reason": change.reason,
                "by": by,
            },
            change.lead_id,
            f"lead.stage_changed:{change.id}",
        )
        for change in changes
    ]
    write_messages(session, messages, now=now)
    return [change.lead_id for change in changes]


def ripened_from(session: Session, lead_id: int) -> str | None:
    """The stage that the lead last left for sales_ready."""
    query = (
        select(StageChange.old)
        .where(StageChange.lead_id == lead_id, StageChange.new == "sales_ready")
        .where(StageChange.old.not_in(("sales_ready", "opportunity")))
        .order_by(StageChange.at.desc(), StageChange.id.desc())
    )
    return session.scalars(query.limit(1)).first()
