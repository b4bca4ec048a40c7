"""Changes of any number of leads: what was asked for, and how far it is."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json
from nurture.store.bulk_changes import BulkChange

STATES = ("waiting", "running", "done", "cancelled", "failed", "undoing", "undone")
UNDER_WAY = ("waiting", "running", "undoing")


class BulkJob(Base):
    """One change of everybody whom `query` (store/lead_list.LeadQuery) finds, up to the lead `last_id`, the
    newest when it was asked for. `what`, `value` and `words` as in flows/change_leads; of `total` leads
    `looked` at, of whom `changed`; `cursor` is the last lead looked at. Each portion is a `bulk_change`."""

    __tablename__ = "bulk_job"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index(
            "ix_bulk_job_unfinished",
            "id",
            postgresql_where=text("state IN ('waiting', 'running', 'undoing')"),
        ),
    )

    id: Mapped[Id]
    at: Mapped[Instant]
    by: Mapped[str]
    what: Mapped[str]
    value: Mapped[str] = mapped_column(server_default="")
    words: Mapped[str] = mapped_column(server_default="")
    query: Mapped[Json]
    state: Mapped[str] = mapped_column(server_default="waiting")
    total: Mapped[int] = mapped_column(BigInteger)
    looked: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    cursor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_id: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[str] = mapped_column(server_default="")
    finished_at: Mapped[Instant | None]


def add(session: Session, **values: Any) -> BulkJob:
    """A job that waits to be carried out."""
    job = BulkJob(**values)
    session.add(job)
    session.flush()
    return job


def newest_lead(session: Session) -> int:
    """The id of the newest lead."""
    return int(session.execute(text("SELECT coalesce(max(id), 0) FROM lead")).scalar_one())


def unfinished(session: Session) -> bool:
    """Whether a job waits to be taken up, or to be gone on with."""
    return session.scalar(select(BulkJob.id).where(BulkJob.state.in_(UNDER_WAY)).limit(1)) is not None


def take(session: Session) -> BulkJob | None:
    """The oldest job that is not at its end and that nobody else works on, locked."""
    query = select(BulkJob).where(BulkJob.state.in_(UNDER_WAY)).order_by(BulkJob.id).limit(1)
    return session.scalar(query.with_for_update(skip_locked=True))


def locked(session: Session, job_id: int) -> BulkJob | None:
    return session.get(BulkJob, job_id, with_for_update=True, populate_existing=True)


def last_portion(session: Session, job_id: int) -> int | None:
    """The latest portion of a job that was not undone."""
    query = select(BulkChange.id).where(BulkChange.job_id == job_id, BulkChange.undone_at.is_(None))
    return session.scalar(query.order_by(BulkChange.id.desc()).limit(1))


def lately(session: Session, *, since: datetime, limit: int) -> list[BulkJob]:
    """Jobs of these days, the latest first."""
    query = select(BulkJob).where(BulkJob.at >= since).order_by(BulkJob.id.desc()).limit(limit)
    return list(session.scalars(query))
