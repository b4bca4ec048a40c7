"""Saved views of the list of leads: a filter, an order and columns under a name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Ref
from nurture.store.users import User


class LeadView(Base):
    """`query` is the part of the list's address after the question mark; a `shared` one is for everybody."""

    __tablename__ = "lead_view"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[Id]
    owner_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[Flag]
    created_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view as somebody sees it; `owner` is the name of who made it."""

    id: int
    owner_id: int
    owner: str
    name: str
    query: str
    shared: bool


_COLUMNS = (LeadView.id, LeadView.owner_id, User.name, LeadView.name, LeadView.query, LeadView.shared)


def seen_by(session: Session, user_id: int) -> list[SavedView]:
    """One's own and the shared ones, by name."""
    query = (
        select(*_COLUMNS)
        .join(User, User.id == LeadView.owner_id)
        .where(or_(LeadView.owner_id == user_id, LeadView.shared))
        .order_by(LeadView.name, LeadView.id)
        .limit(200)
    )
    return [SavedView(*row) for row in session.execute(query)]


def named(session: Session, owner_id: int, name: str) -> LeadView | None:
    """The view that this person has under a name, locked."""
    query = select(LeadView).where(LeadView.owner_id == owner_id, LeadView.name == name)
    return session.scalar(query.with_for_update())


def add(session: Session, *, owner_id: int, name: str, query: str, shared: bool, now: datetime) -> LeadView:
    made = LeadView(owner_id=owner_id, name=name, query=query, shared=shared, created_at=now)
    session.add(made)
    session.flush()
    return made
