"""Events of the company."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant


class Event(Base):
    """A webinar, a fair, a dinner. `closed_at`: who did not come is told from then on."""

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("starts_at <= ends_at", name="times"),
        Index("ix_event_starts_at_id", "starts_at", "id"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    timezone: Mapped[str]
    place: Mapped[str] = mapped_column(server_default="")
    link: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    capacity: Mapped[int | None]
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]
    cancelled_at: Mapped[Instant | None]


def locked(session: Session, event_id: int) -> Event | None:
    """The event, held until the transaction ends: its list changes one after the other."""
    return session.get(Event, event_id, with_for_update=True, populate_existing=True)


def page(session: Session, *, place: tuple[datetime, int] | None, limit: int) -> list[Event]:
    """Events, those that begin last first; `place` is (starts_at, id) of the last one seen."""
    query = select(Event).order_by(Event.starts_at.desc(), Event.id.desc()).limit(limit)
    if place is not None:
        at, number = place
        query = query.where((Event.starts_at < at) | ((Event.starts_at == at) & (Event.id < number)))
    return list(session.scalars(query))
