"""Segments as a heat model other than the default one sees them: who was in when last looked at.

Kept for the segments in which time and heat meet and for which a program of that model asks. They say
when a lead has to be looked at; whether it enters is decided on its facts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref


class SegmentByModel(Base):
    """A segment looked at by the measure of a heat model: when it was told last, and when it is next."""

    __tablename__ = "segment_by_model"
    __table_args__ = (Index("ix_segment_by_model_due_at", "due_at"),)

    segment_id: Mapped[Ref] = mapped_column(ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"), primary_key=True)
    told_at: Mapped[Instant | None]
    due_at: Mapped[Instant]


class MemberByModel(Base):
    """A lead was in it when it was told last. Leads that are gone are taken out at the next telling."""

    __tablename__ = "member_by_model"

    segment_id: Mapped[Ref] = mapped_column(ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"), primary_key=True)
    lead_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)


@dataclass(frozen=True, slots=True)
class Due:
    """A segment that is to be told anew by the measure of a model; `told_at` None: for the first time."""

    segment_id: int
    model_id: int
    told_at: datetime | None


_WANT = text(
    """
    INSERT INTO segment_by_model (segment_id, model_id, due_at)
    SELECT segment_id, model_id, :now
    FROM unnest(CAST(:segments AS bigint[]), CAST(:models AS bigint[])) AS g (segment_id, model_id)
    ORDER BY segment_id, model_id
    ON CONFLICT (segment_id, model_id) DO UPDATE SET due_at = least(segment_by_model.due_at, excluded.due_at)
    """
)
_FORGET = """
    DELETE FROM {table} b WHERE NOT EXISTS (
        SELECT FROM unnest(CAST(:segments AS bigint[]), CAST(:models AS bigint[])) AS g (segment_id, model_id)
        WHERE g.segment_id = b.segment_id AND g.model_id = b.model_id)
"""
_FORGET_ALL = [text(_FORGET.format(table=table)) for table in ("member_by_model", "segment_by_model")]
_TAKE = text(
    """
    SELECT segment_id, model_id, told_at FROM segment_by_model WHERE due_at <= :now
    ORDER BY due_at, segment_id, model_id LIMIT 1 FOR UPDATE SKIP LOCKED
    """
)
_TOLD = text(
    """
    UPDATE segment_by_model SET told_at = :now, due_at = :again_at
    WHERE segment_id = :segment_id AND model_id = :model_id
    """
)
_MAKE_DUE = text(
    "UPDATE segment_by_model SET due_at = :now WHERE segment_id = ANY(:segments) AND model_id = :model_id"
)


def keep(session: Session, wanted: Collection[tuple[int, int]], *, now: datetime) -> None:
    """Keep these pairs of segment and model, due at once, and no others."""
    pairs = sorted(wanted)
    given = {"segments": [one for one, _model in pairs], "models": [model for _one, model in pairs]}
    for forget in _FORGET_ALL:
        session.execute(forget, given)
    if pairs:
        session.execute(_WANT, {**given, "now": now})


def take_due(session: Session, *, now: datetime) -> Due | None:
    """One whose time has come, locked; None if none is, or others see to them."""
    row = session.execute(_TAKE, {"now": now}).one_or_none()
    return None if row is None else Due(*row)


def told(session: Session, due: Due, *, now: datetime, again_at: datetime) -> None:
    """It was told now."""
    place = {"segment_id": due.segment_id, "model_id": due.model_id}
    session.execute(_TOLD, {**place, "now": now, "again_at": again_at})


def make_due(session: Session, segment_ids: Sequence[int], model_id: int, *, now: datetime) -> None:
    """These are to be told anew at once."""
    session.execute(_MAKE_DUE, {"segments": list(segment_ids), "model_id": model_id, "now": now})
