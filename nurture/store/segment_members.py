"""The members of a segment, told anew for the whole base."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, delete, exists, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from nurture.rules.conditions import Condition
from nurture.store.conditions import Measure, population
from nurture.store.leads import Lead
from nurture.store.segments import Segment, SegmentMember
from nurture.store.segments_by_model import Due, MemberByModel

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


def size_of(session: Session, condition: Condition, *, now: datetime, demo: bool | None = None) -> int:
    """How many leads a condition holds for, counted now; of invented leads alone, or of all others, if
    `demo` says so."""
    query = population(session, condition, now=now)
    found = (query if demo is None else query.where(Lead.demo.is_(demo))).subquery()
    with whole_base(session):
        return session.scalar(select(func.count()).select_from(found)) or 0


def some_of(session: Session, condition: Condition, *, now: datetime, limit: int) -> list[int]:
    """The newest leads for whom it holds."""
    query = population(session, condition, now=now)
    return list(session.scalars(query.order_by(query.selected_columns[0].desc()).limit(limit)))


def difference(session: Session, segment_id: int, condition: Condition, *, now: datetime) -> Difference:
    """Bring the members in line with the condition, in two statements."""
    found = population(session, condition, now=now).subquery()
    is_in = exists().where(SegmentMember.segment_id == segment_id, SegmentMember.lead_id == found.c.id)
    fits = exists().where(found.c.id == SegmentMember.lead_id)
    rows = select(literal(segment_id, BigInteger), found.c.id, literal(now, DateTime(timezone=True)))
    come = insert(SegmentMember).from_select(["segment_id", "lead_id", "since"], rows.where(~is_in))
    go = delete(SegmentMember).where(SegmentMember.segment_id == segment_id, ~fits)
    with whole_base(session):
        entered = session.scalars(come.on_conflict_do_nothing().returning(SegmentMember.lead_id)).all()
        left = session.scalars(go.returning(SegmentMember.lead_id)).all()
    return Difference(entered, left)


def difference_by_model(
    session: Session, due: Due, condition: Condition, own: Collection[str], *, now: datetime
) -> Difference:
    """The same by the measure of a model. `own` are the keys of the segments whose members depend on it."""
    measure = Measure(due.model_id, frozenset(own))
    found = population(session, condition, now=now, measure=measure).subquery()
    mine = (MemberByModel.segment_id == due.segment_id, MemberByModel.model_id == due.model_id)
    is_in = exists().where(*mine, MemberByModel.lead_id == found.c.id)
    fits = exists().where(found.c.id == MemberByModel.lead_id)
    rows = select(literal(due.segment_id, BigInteger), literal(due.model_id, BigInteger), found.c.id)
    come = insert(MemberByModel).from_select(["segment_id", "model_id", "lead_id"], rows.where(~is_in))
    go = delete(MemberByModel).where(*mine, ~fits)
    with whole_base(session):
        entered = session.scalars(come.on_conflict_do_nothing().returning(MemberByModel.lead_id)).all()
        left = session.scalars(go.returning(MemberByModel.lead_id)).all()
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


@contextmanager
def whole_base(session: Session) -> Iterator[None]:
    """A whole base is asked by joining sets. How many leads a condition leaves is hard to guess, and a
    loop that was meant for a few of them and meets half a million takes ten times as long."""
    session.execute(text("SET LOCAL enable_nestloop = off"))
    session.execute(text("SET LOCAL work_mem = '64MB'"))
    yield
    session.execute(text("SET LOCAL enable_nestloop TO DEFAULT"))
    session.execute(text("SET LOCAL work_mem TO DEFAULT"))
