"""Senders: in whose name mails go out, beside the company's own."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant


class SenderRow(Base):
    """One identity. Without a postal address of its own its mails show the company's."""

    __tablename__ = "sender"

    id: Mapped[Id]
    name: Mapped[str]
    email: Mapped[str]
    reply_to: Mapped[str | None]
    postal_address: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Instant]


def all_of_them(session: Session) -> list[SenderRow]:
    """Every one, by name."""
    return list(session.scalars(select(SenderRow).order_by(SenderRow.name, SenderRow.id).limit(200)))


def get(session: Session, sender_id: int) -> SenderRow | None:
    return session.get(SenderRow, sender_id)


def add(
    session: Session, name: str, email: str, reply_to: str | None, postal_address: str, *, now: datetime
) -> SenderRow:
    row = SenderRow(name=name, email=email, reply_to=reply_to, postal_address=postal_address, created_at=now)
    session.add(row)
    session.flush()
    return row
