"""Patterns of visitors that a person of ours has judged, and how far each has been applied to the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Uuid, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.patterns import FIELDS, Pattern
from nurture.store.base import Base, Flag, Id, Instant
from nurture.store.hits import JudgedHit
from nurture.store.neighbours import COLUMNS, recorded


class VerdictPattern(Base):
    """A judged pattern. `applied`: the hits before `changed_at` have been judged by it (or, once it is
    ended, by the rules again); `through` is the last hit that was looked at on the way there."""

    __tablename__ = "verdict_pattern"
    __table_args__ = (CheckConstraint(f"field IN {FIELDS}", name="field"),)

    id: Mapped[Id]
    field: Mapped[str]
    pattern: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    through: Mapped[UUID | None] = mapped_column(Uuid)
    applied: Mapped[Flag]


@dataclass(frozen=True, slots=True)
class Unapplied:
    """A pattern that has not been applied to all of the past yet."""

    pattern: Pattern
    reason: str
    ended: bool
    changed_at: datetime
    through: UUID | None


# Asked with every page of hits: as text, which costs a third of what an object does.
_ACTIVE = text(
    "SELECT id, field, pattern, verdict FROM verdict_pattern WHERE ended_at IS NULL ORDER BY id DESC"
)
_STRETCH = text(
    f"""
    SELECT {COLUMNS} FROM hit h
    WHERE h.received_at BETWEEN :first AND :last AND h.id > CAST(:after AS uuid)
    ORDER BY h.received_at, h.id LIMIT :limit
    """
)
_CLAIM = text(
    """
    SELECT id, field, pattern, verdict, reason, ended_at IS NOT NULL AS ended, changed_at, through
    FROM verdict_pattern WHERE NOT applied ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    """
)
_ADVANCE = text("UPDATE verdict_pattern SET through = :through, applied = :applied WHERE id = :id")


def active(session: Session) -> list[Pattern]:
    """The patterns that hold now, newest first."""
    return [Pattern(*row) for row in session.execute(_ACTIVE)]


def page(session: Session, *, after: int, limit: int) -> Sequence[VerdictPattern]:
    """Patterns in the order they were made, ended ones too."""
    query = select(VerdictPattern).where(VerdictPattern.id > after).order_by(VerdictPattern.id).limit(limit)
    return session.scalars(query).all()


def find(session: Session, pattern_id: int) -> VerdictPattern | None:
    """A pattern, locked."""
    return session.get(VerdictPattern, pattern_id, with_for_update=True)


def claim(session: Session) -> Unapplied | None:
    """A pattern that has to be applied to the past, held by nobody else."""
    row = session.execute(_CLAIM).one_or_none()
    if row is None:
        return None
    pattern = Pattern(row.id, row.field, row.pattern, row.verdict)
    return Unapplied(pattern, row.reason, row.ended, row.changed_at, row.through)


def stretch(session: Session, *, after: UUID, first: datetime, last: datetime, limit: int) -> list[JudgedHit]:
    """Recorded hits past `after` between two instants, oldest first."""
    given = {"after": after, "first": first, "last": last, "limit": limit}
    return [recorded(row) for row in session.execute(_STRETCH, given)]


def advance(session: Session, pattern_id: int, through: UUID, *, applied: bool) -> None:
    """Remember how far a pattern has been applied."""
    session.execute(_ADVANCE, {"id": pattern_id, "through": through, "applied": applied})
