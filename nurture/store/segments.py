"""Segments: named conditions, the leads in them, and the leads to be looked at anew."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Select, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.segments import segments_in
from nurture.store import batch
from nurture.store.base import Base, Flag, Id, Instant, Json, Ref, Words


class Segment(Base):
    """A named condition over all leads. `asks` says what it looks at beyond the lead's own row: touches,
    time (it changes by itself as time goes by). `refreshed_at` is when all members were last told anew,
    `refresh_due_at` when that is to be done again. `size` is how many are in, but for the differences in
    `segment_change`; the database keeps both, whatever statement lets a lead in or out."""

    __tablename__ = "segment"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    condition: Mapped[Json]
    asks: Mapped[Words]
    refreshed_at: Mapped[Instant | None]
    refresh_due_at: Mapped[Instant | None]
    size: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    demo: Mapped[Flag]


class SegmentChange(Base):
    """So many came in (or went out, below 0) by one statement; added to the size from time to time."""

    __tablename__ = "segment_change"

    id: Mapped[Id]
    segment_id: Mapped[Ref]
    n: Mapped[int] = mapped_column(BigInteger)


class SegmentMember(Base):
    """A lead is in a segment, since when."""

    __tablename__ = "segment_member"
    __table_args__ = (Index("ix_segment_member_lead_id", "lead_id"),)

    segment_id: Mapped[Ref] = mapped_column(ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True)
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    since: Mapped[Instant]


class DirtyLead(Base):
    """A lead that has changed and whose memberships have not been looked at since; `moved` when it has
    come in or gone out already and is only to be led on."""

    __tablename__ = "dirty_lead"

    lead_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    moved: Mapped[Flag]


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment as values; `condition` in its plain form."""

    id: int
    key: str
    name: str
    description: str
    condition: Mapping[str, Any]
    asks: tuple[str, ...]
    refreshed_at: datetime | None
    created_at: datetime
    updated_at: datetime


_COLUMNS = (
    Segment.id,
    Segment.key,
    Segment.name,
    Segment.description,
    Segment.condition,
    Segment.asks,
    Segment.refreshed_at,
    Segment.created_at,
    Segment.updated_at,
)
# A row that is there is locked, not left alone: whoever takes it has to wait for this change.
_MARK = text(
    """
    INSERT INTO dirty_lead (lead_id)
    SELECT DISTINCT lead_id FROM unnest(CAST(:leads AS bigint[])) AS g (lead_id)
    WHERE EXISTS (SELECT FROM segment WHERE CAST(:because AS text) IS NULL OR :because = ANY(asks))
    ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET lead_id = excluded.lead_id
    """
)
_TAKE_DIRTY = text(
    """
    DELETE FROM dirty_lead WHERE lead_id IN (
        SELECT lead_id FROM dirty_lead ORDER BY lead_id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING lead_id, moved
    """
)
_USES = text(
    """
    SELECT 'program' AS kind, p.id, p.key, p.name, v.spec AS asked FROM program p
    JOIN program_version v ON v.id IN (p.live_version_id, p.draft_version_id)
    WHERE CAST(v.spec AS text) LIKE '%"segment"%'
    UNION ALL
    SELECT 'newsletter', id, CAST(id AS text), name, audience FROM newsletter
    WHERE state NOT IN ('sent', 'cancelled') AND CAST(audience AS text) LIKE '%"segment"%'
    ORDER BY kind DESC, name, id
    """
)


def every(session: Session) -> list[StoredSegment]:
    """All segments, by name."""
    return [_stored(row) for row in session.execute(select(*_COLUMNS).order_by(Segment.name, Segment.id))]


def one(session: Session, key: str) -> StoredSegment | None:
    """The segment of a key."""
    row = session.execute(select(*_COLUMNS).where(Segment.key == key)).one_or_none()
    return None if row is None else _stored(row)


def get(session: Session, segment_id: int) -> StoredSegment:
    """The segment of an id, which exists."""
    return _stored(session.execute(select(*_COLUMNS).where(Segment.id == segment_id)).one())


def find(session: Session, segment_id: int) -> StoredSegment | None:
    """The segment of an id."""
    row = session.execute(select(*_COLUMNS).where(Segment.id == segment_id)).one_or_none()
    return None if row is None else _stored(row)


def page(session: Session, *, after: int, limit: int) -> list[StoredSegment]:
    """In the order they were made, those after the last one seen."""
    query = select(*_COLUMNS).where(Segment.id > after).order_by(Segment.id).limit(limit)
    return [_stored(row) for row in session.execute(query)]


def lock_all(session: Session) -> None:
    """Segments change one at a time, so that no two changes close a circle between them."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('segments', 0))"))


def add(session: Session, row: Mapping[str, Any], *, now: datetime) -> int:
    """A new segment, nobody in it yet."""
    made = Segment(**row, created_at=now, updated_at=now)
    session.add(made)
    session.flush()
    return made.id


def change(session: Session, segment_id: int, row: Mapping[str, Any], *, now: datetime) -> None:
    found = session.get_one(Segment, segment_id, populate_existing=True)
    for name, value in row.items():
        setattr(found, name, value)
    found.updated_at = now
    session.flush()


def refreshed(session: Session, segment_id: int, *, now: datetime, again_at: datetime) -> None:
    """All members were told anew."""
    query = text("UPDATE segment SET refreshed_at = :now, refresh_due_at = :again_at WHERE id = :id")
    session.execute(query, {"id": segment_id, "now": now, "again_at": again_at})


def make_due(session: Session, segment_ids: Sequence[int], *, now: datetime) -> None:
    """These are to be told anew at once."""
    query = text("UPDATE segment SET refresh_due_at = :now WHERE id = ANY(:ids)")
    session.execute(query, {"ids": list(segment_ids), "now": now})


def remove(session: Session, segment_id: int) -> None:
    session.execute(text("DELETE FROM segment WHERE id = :id"), {"id": segment_id})


def mark_dirty(session: Session, lead_ids: Collection[int], *, because: str | None = None) -> None:
    """These leads have changed. Without segments (that ask about `because`, if given) nothing is noted."""
    if lead_ids:
        session.execute(_MARK, {"leads": batch.numbers(lead_ids), "because": because})


def take_dirty(session: Session, limit: int) -> dict[int, bool]:
    """Up to `limit` noted leads that nobody else looks at, and whether each has moved already; they are
    noted again by a rollback."""
    return {row.lead_id: row.moved for row in session.execute(_TAKE_DIRTY, {"limit": limit})}


def uses(session: Session) -> dict[tuple[str, int, str, str], set[str]]:
    """Kind (program or newsletter), id, key and name of everything that asks for segments, and which:
    programs live or in their draft, newsletters that have not gone out."""
    found: dict[tuple[str, int, str, str], set[str]] = {}
    for row in session.execute(_USES):
        found.setdefault((row.kind, row.id, row.key, row.name), set()).update(segments_in(row.asked))
    return found


def memberships(session: Session, lead_ids: Collection[int]) -> dict[int, set[int]]:
    """Segment ids by lead."""
    query = text("SELECT lead_id, segment_id FROM segment_member WHERE lead_id = ANY(:leads)")
    found: dict[int, set[int]] = {}
    for lead_id, segment_id in session.execute(query, {"leads": list(lead_ids)}):
        found.setdefault(lead_id, set()).add(segment_id)
    return found


def members(session: Session, segment_id: int, *, after: int | None, limit: int) -> list[int]:
    """A page of members, the newest leads first, those before the last one seen."""
    query = select(SegmentMember.lead_id).where(SegmentMember.segment_id == segment_id)
    if after is not None:
        query = query.where(SegmentMember.lead_id < after)
    return list(session.scalars(query.order_by(SegmentMember.lead_id.desc()).limit(limit)))


_ENTER = text(
    """
    INSERT INTO segment_member (segment_id, lead_id, since)
    SELECT segment_id, lead_id, :now
    FROM unnest(CAST(:segments AS bigint[]), CAST(:leads AS bigint[])) AS g (segment_id, lead_id)
    ORDER BY segment_id, lead_id
    ON CONFLICT DO NOTHING
    """
)
_LEAVE = text(
    """
    DELETE FROM segment_member m
    USING unnest(CAST(:segments AS bigint[]), CAST(:leads AS bigint[])) AS g (segment_id, lead_id)
    WHERE m.segment_id = g.segment_id AND m.lead_id = g.lead_id
    """
)


def members_of(key: str) -> Select[Any]:
    """The leads in the segment of a key, as a query."""
    found = select(Segment.id).where(Segment.key == key).scalar_subquery()
    return select(SegmentMember.lead_id).where(SegmentMember.segment_id == found)


def enter(session: Session, pairs: Sequence[tuple[int, int]], *, now: datetime) -> None:
    """(segment, lead) that are in from now on."""
    if pairs:
        session.execute(_ENTER, {**_columns(pairs), "now": now})


def leave(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    """(segment, lead) that are out from now on."""
    if pairs:
        session.execute(_LEAVE, _columns(pairs))


def _columns(pairs: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    return {"segments": [pair[0] for pair in pairs], "leads": [pair[1] for pair in pairs]}


def _stored(row: Any) -> StoredSegment:
    values = dict(row._mapping)
    return StoredSegment(**(values | {"asks": tuple(values["asks"])}))
