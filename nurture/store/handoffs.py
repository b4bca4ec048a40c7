"""Hand-offs: a ripe lead on its way to sales, and every answer that comes back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Json, JsonList, Ref

STATES = (
    "waiting",
    "released",
    "accepted",
    "contacted",
    "meeting",
    "later",
    "rejected",
    "won",
    "lost",
    "withdrawn",
)


class Handoff(Base):
    """One ripening of one lead. `cause`: threshold, direct_request, bant, step, hand. The scores are as
    they stood when it ripened."""

    __tablename__ = "handoff"
    __table_args__ = (
        UniqueConstraint("lead_id", "ripening_no"),
        Index("ix_handoff_waiting", "score", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_handoff_state_id", "state", "id"),
        Index("ix_handoff_owner_id", "owner_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
    )

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    ripening_no: Mapped[int]
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"))
    cause: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    score: Mapped[float]
    rise: Mapped[float]
    reasons: Mapped[JsonList]
    temperature: Mapped[str]
    heat: Mapped[float]
    grade: Mapped[str | None]
    bant: Mapped[Json]
    priority: Mapped[Flag]
    owner_id: Mapped[Ref | None] = mapped_column(ForeignKey("user_account.id"))
    ready_at: Mapped[Instant]
    released_at: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]
    contacted_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    revised_at: Mapped[Instant | None]


class HandoffOutcome(Base):
    """One answer of sales. Appended only."""

    __tablename__ = "handoff_outcome"
    __table_args__ = (Index("ix_handoff_outcome_handoff_id", "handoff_id"),)

    id: Mapped[Id]
    handoff_id: Mapped[Ref] = mapped_column(ForeignKey("handoff.id"))
    outcome: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str | None]
    happens_at: Mapped[Instant | None]
    note: Mapped[str] = mapped_column(server_default="")
    at: Mapped[Instant]
    by: Mapped[str]


def page(
    session: Session,
    *,
    states: Sequence[str] = (),
    owner_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Handoff]:
    """Hand-offs, newest first, those before the id of the last one seen."""
    query = select(Handoff).order_by(Handoff.id.desc()).limit(limit)
    if states:
        query = query.where(Handoff.state.in_(states))
    if owner_id is not None:
        query = query.where(Handoff.owner_id == owner_id)
    if before is not None:
        query = query.where(Handoff.id < before)
    return list(session.scalars(query))


def of_lead(session: Session, lead_id: int) -> list[Handoff]:
    """Every ripening of a lead, newest first."""
    query = select(Handoff).where(Handoff.lead_id == lead_id).order_by(Handoff.ripening_no.desc())
    return list(session.scalars(query))


def outcomes_of(session: Session, handoff_id: int) -> list[HandoffOutcome]:
    """Every answer of sales, oldest first."""
    query = select(HandoffOutcome).where(HandoffOutcome.handoff_id == handoff_id)
    return list(session.scalars(query.order_by(HandoffOutcome.id)))


def locked(session: Session, handoff_id: int) -> Handoff | None:
    """The hand-off, locked after its lead: whoever changes both locks in this order."""
    lead_id = session.scalar(select(Handoff.lead_id).where(Handoff.id == handoff_id))
    if lead_id is None:
        return None
    session.execute(text("SELECT FROM lead WHERE id = :id FOR NO KEY UPDATE"), {"id": lead_id})
    return session.get(Handoff, handoff_id, with_for_update=True, populate_existing=True)


def return_lead(session: Session, lead_id: int, *, arms: bool, future_at: datetime | None) -> None:
    """What an answer leaves on the lead: whether it may ripen again, and when to come back to it."""
    session.execute(
        text("UPDATE lead SET armed = armed OR :arms, future_at = :future_at WHERE id = :id"),
        {"id": lead_id, "arms": arms, "future_at": future_at},
    )


def last_outcome(session: Session, handoff_id: int) -> HandoffOutcome | None:
    """The latest answer of sales."""
    query = select(HandoffOutcome).where(HandoffOutcome.handoff_id == handoff_id)
    return session.scalars(query.order_by(HandoffOutcome.id.desc()).limit(1)).first()


def stage_of(session: Session, lead_id: int) -> str:
    """The stage the lead stands in."""
    query = text("SELECT stage FROM lead WHERE id = :id")
    return str(session.execute(query, {"id": lead_id}).scalar_one())
