"""Changes of many leads at once: each notes whom it changed and what was before, so that it can be undone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class BulkChange(Base):
    """One change by one person. `what`: tag, untag, owner, hold, let_in, start or consent; `value` the tag,
    the id of the owner, the place or the purpose; `lead_ids` are those whom it really changed; `before` their
    owners, or their new entries of the ledger, by id. `job_id`: a portion of a change of more (bulk_jobs)."""

    __tablename__ = "bulk_change"
    __table_args__ = (Index("ix_bulk_change_job_id", "job_id", postgresql_where=text("job_id IS NOT NULL")),)

    id: Mapped[Id]
    at: Mapped[Instant]
    by: Mapped[str]
    what: Mapped[str]
    value: Mapped[str] = mapped_column(server_default="")
    lead_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    before: Mapped[Json]
    undone_at: Mapped[Instant | None]
    job_id: Mapped[Ref | None] = mapped_column(ForeignKey("bulk_job.id"))


_TAG = text(
    """
    UPDATE lead SET tags = array_append(tags, :tag), updated_at = :now
    WHERE id = ANY(:leads) AND erased_at IS NULL AND NOT tags @> ARRAY[CAST(:tag AS text)] RETURNING id
    """
)
_UNTAG = text(
    """
    UPDATE lead SET tags = array_remove(tags, :tag), updated_at = :now
    WHERE id = ANY(:leads) AND erased_at IS NULL AND tags @> ARRAY[CAST(:tag AS text)] RETURNING id
    """
)
_OWNERS = text("SELECT id, owner_id FROM lead WHERE id = ANY(:leads) ORDER BY id FOR NO KEY UPDATE")
_SET_OWNERS = text(
    """
    UPDATE lead l SET owner_id = g.owner, updated_at = :now
    FROM unnest(CAST(:leads AS bigint[]), CAST(:owners AS bigint[])) AS g (id, owner)
    WHERE l.id = g.id AND l.erased_at IS NULL AND l.owner_id IS DISTINCT FROM g.owner RETURNING l.id
    """
)
_HOLD = text(
    """
    UPDATE lead SET held_at = :now, updated_at = :now
    WHERE id = ANY(:leads) AND erased_at IS NULL AND held_at IS NULL RETURNING id
    """
)
_LET_IN = text(
    """
    UPDATE lead SET held_at = NULL, updated_at = :now
    WHERE id = ANY(:leads) AND erased_at IS NULL AND held_at IS NOT NULL RETURNING id
    """
)


def tag(session: Session, lead_ids: Sequence[int], name: str, *, now: datetime) -> list[int]:
    """Those who did not have the tag, and have it now."""
    return _changed(session, _TAG, leads=list(lead_ids), tag=name, now=now)


def untag(session: Session, lead_ids: Sequence[int], name: str, *, now: datetime) -> list[int]:
    """Those who had the tag, and do not any more."""
    return _changed(session, _UNTAG, leads=list(lead_ids), tag=name, now=now)


def owners(session: Session, lead_ids: Sequence[int]) -> dict[int, int | None]:
    """Who owns each of these leads; the rows are locked until the transaction ends."""
    return {row.id: row.owner_id for row in session.execute(_OWNERS, {"leads": list(lead_ids)})}


def set_owners(session: Session, given: Mapping[int, int | None], *, now: datetime) -> list[int]:
    """Those whose owner is another one now."""
    return _changed(session, _SET_OWNERS, leads=list(given), owners=list(given.values()), now=now)


def hold(session: Session, lead_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Those who were free to enter programs, and are held out of all now."""
    return _changed(session, _HOLD, leads=list(lead_ids), now=now)


def let_in(session: Session, lead_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Those who were held, and may enter programs again."""
    return _changed(session, _LET_IN, leads=list(lead_ids), now=now)


def _changed(session: Session, statement: Any, **values: Any) -> list[int]:
    return sorted(session.execute(statement, values).scalars())
