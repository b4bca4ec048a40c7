"""The members of a segment, told anew for the whole base."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from nurture.rules.conditions import Condition
from nurture.store.conditions import population
from nurture.store.segments import Segment, SegmentMember

_MOVED = text(
    """
    INSERT INTO dirty_lead (lead_id, moved)
    SELECT DISTINCT lead_id, true FROM unnest(CAST(:leads AS bigint[])) AS g (lead_id) ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET moved = true
    """
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Who came in and who went out."""

    entered: Sequence[int]
    left: Sequence[int]


def size_of(session: Session, condition: Condition, *, now: datetime) -> int:
    """How many leads a condition holds for, counted now."""
    found = population(session, condition, now=now).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def some_of(session: Session, condition: Condition, *, now: datetime, limit: int) -> list[int]:
    """The newest leads for whom it holds."""
    query = population(session, condition, now=now)
    return list(session.scalars(query.order_by(query.selected_columns[0].desc()).limit(limit)))


def difference(session: Session, segment_id: int, condition: Condition, *, now: datetime) -> Difference:
    """Bring the members in line with the condition, in two statements."""
    found = population(session, condition, now=now).subquery()
    members = select(SegmentMember.lead_id).where(SegmentMember.segment_id == segment_id)
    missing = select(
        literal(segment_id, BigInteger), found.c.id, literal(now, DateTime(timezone=True))
    ).where(found.c.id.not_in(members))
    entered = session.scalars(
        insert(SegmentMember)
        .from_select(["segment_id", "lead_id", "since"], missing)
        .on_conflict_do_nothing()
        .returning(SegmentMember.lead_id)
    ).all()
    left = session.scalars(
        delete(SegmentMember)
        .where(SegmentMember.segment_id == segment_id, SegmentMember.lead_id.not_in(select(found.c.id)))
        .returning(SegmentMember.lead_id)
    ).all()
    return Difference(entered, left)


def take_due(session: Session, *, now: datetime) -> int | None:
    """A segment whose members are to be told anew, locked; None if none is, or others see to them."""
    query = (
        select(Segment.id)
        .where(Segment.refresh_due_at <= now)
        .order_by(Segment.refresh_due_at, Segment.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).one_or_none()


def mark_moved(session: Session, lead_ids: Sequence[int]) -> None:
    """These leads came in or went out: chains that ask for it look at them."""
    if lead_ids:
        session.execute(_MOVED, {"leads": list(lead_ids)})
