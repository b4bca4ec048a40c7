"""Events of the company, and who is on the list of each."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Count, Id, Instant, Ref

STATES = ("registered", "attended", "no_show", "cancelled")


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


class EventGuest(Base):
    """A lead on the list of an event. `round` rises with each change that is told as a signal, so that
    coming, being undone and coming again are three. `asked_at`: when we asked for feedback by mail."""

    __tablename__ = "event_guest"
    __table_args__ = (
        CheckConstraint("state IN ('registered', 'attended', 'no_show', 'cancelled')", name="state"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("ix_event_guest_lead_id", "lead_id"),
    )

    event_id: Mapped[Ref] = mapped_column(ForeignKey("event.id"), primary_key=True)
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    state: Mapped[str] = mapped_column(server_default=text("'registered'"))
    source: Mapped[str]
    registered_at: Mapped[Instant]
    came_at: Mapped[Instant | None]
    state_at: Mapped[Instant]
    round: Mapped[Count]
    asked_at: Mapped[Instant | None]
    rating: Mapped[int | None]
    words: Mapped[str] = mapped_column(server_default="")
    rated_at: Mapped[Instant | None]
