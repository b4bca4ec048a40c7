"""Hand-offs: a ripe lead on its way to sales, and every answer that comes back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Count, Flag, Id, Instant, Json, JsonList, Ref

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
    they stood when it ripened.

    The response clock (rules/response.py): the present owner got it at `clock_from` and is to have spoken
    with the lead by `due_at`; `warned_at`, `overdue_at` and `asked_at` say what has happened, `silent_since`
    when sales last said something, `watch_at` when to look again (NULL: never). `response_s` is the working
    time from the release to the first contact, in seconds.

    `heat_before` is the lead's stored heat (log2, default model) when the meeting was set: what has come
    since warms the opportunity (rules/opportunity.py).
    """

    __tablename__ = "handoff"
    __table_args__ = (
        UniqueConstraint("lead_id", "ripening_no"),
        Index("ix_handoff_waiting", "score", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_handoff_state_id", "state", "id"),
        Index("ix_handoff_owner_id", "owner_id"),
        Index("ix_handoff_watch_at", "watch_at", postgresql_where=text("watch_at IS NOT NULL")),
        Index("ix_handoff_released_at", "released_at", postgresql_where=text("released_at IS NOT NULL")),
        Index("ix_handoff_ready_at", "ready_at"),
        Index("ix_handoff_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
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
    team_id: Mapped[Ref | None] = mapped_column(ForeignKey("sales_team.id"))
    clock_from: Mapped[Instant | None]
    due_at: Mapped[Instant | None]
    warned_at: Mapped[Instant | None]
    overdue_at: Mapped[Instant | None]
    asked_at: Mapped[Instant | None]
    silent_since: Mapped[Instant | None]
    watch_at: Mapped[Instant | None]
    rerouted: Mapped[Count]
    response_s: Mapped[int | None]
    heat_before: Mapped[float | None]


class HandoffEvent(Base):
    """What happened to a hand-off beside the answers of sales: released, warned, overdue, rerouted,
    passed_on, asked, returned, noted, revised. Appended only; `detail` holds ids and a note, no names."""

    __tablename__ = "handoff_event"
    __table_args__ = (Index("ix_handoff_event_handoff_id", "handoff_id"),)

    id: Mapped[Id]
    handoff_id: Mapped[Ref] = mapped_column(ForeignKey("handoff.id"))
    at: Mapped[Instant]
    kind: Mapped[str]
    by: Mapped[str]
    detail: Mapped[Json]


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


def address_of(session: Session, lead_id: int) -> str | None:
    """The lead's e-mail address in normal form."""
    found: str | None = session.scalar(text("SELECT email_norm FROM lead WHERE id = :id"), {"id": lead_id})
    return found


def locked(session: Session, handoff_id: int) -> Handoff | None:
    """The hand-off, locked after its lead: whoever changes both locks in this order."""
    lead_id = session.scalar(select(Handoff.lead_id).where(Handoff.id == handoff_id))
    if lead_id is None:
        return None
    session.execute(text("SELECT FROM lead WHERE id = :id FOR NO KEY UPDATE"), {"id": lead_id})
    return session.get(Handoff, handoff_id, with_for_update=True, populate_existing=True)


_TO_WATCH = text("""
    SELECT h.id FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.watch_at <= :now ORDER BY h.watch_at LIMIT :limit FOR NO KEY UPDATE OF l SKIP LOCKED
""")


def to_watch(session: Session, *, now: datetime, limit: int) -> list[Handoff]:
    """Hand-offs whose clock is due, locked after their leads; those being answered right now are passed over
    until the next time."""
    ids = list(session.scalars(_TO_WATCH, {"now": now, "limit": limit}))
    if not ids:
        return []
    query = select(Handoff).where(Handoff.id.in_(ids), Handoff.watch_at <= now).order_by(Handoff.watch_at)
    return list(session.scalars(query.with_for_update(), execution_options={"populate_existing": True}))


def note_event(
    session: Session, handoff_id: int, kind: str, *, by: str, now: datetime, detail: dict[str, Any]
) -> int:
    """Write down what happened to a hand-off; the id of the record."""
    event = HandoffEvent(handoff_id=handoff_id, at=now, kind=kind, by=by, detail=detail)
    session.add(event)
    session.flush()
    return event.id


def events_of(session: Session, handoff_id: int) -> list[HandoffEvent]:
    """What happened to a hand-off beside its answers, oldest first."""
    query = select(HandoffEvent).where(HandoffEvent.handoff_id == handoff_id)
    return list(session.scalars(query.order_by(HandoffEvent.id)))


def give_lead(session: Session, lead_id: int, owner_id: int) -> None:
    """The lead is this person's from now on."""
    session.execute(
        text("UPDATE lead SET owner_id = :owner WHERE id = :id"), {"id": lead_id, "owner": owner_id}
    )


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


def heat_of(session: Session, lead_id: int) -> float | None:
    """The stored heat of the lead (log2, default model); None for no heat."""
    found = session.execute(text("SELECT heat_log2 FROM lead WHERE id = :id"), {"id": lead_id}).scalar_one()
    return None if found is None else float(found)


def stage_of(session: Session, lead_id: int) -> str:
    """The stage the lead stands in."""
    query = text("SELECT stage FROM lead WHERE id = :id")
    return str(session.execute(query, {"id": lead_id}).scalar_one())
