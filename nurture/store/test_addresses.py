"""Test addresses: whom an installation may write to before it is live."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant


class TestAddress(Base):
    """One address, as `rules.addresses.normalise` writes it: it is compared with that of leads."""

    __tablename__ = "test_address"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Instant]


def all_of_them(session: Session) -> list[str]:
    """Every one, by alphabet."""
    return list(session.scalars(select(TestAddress.email).order_by(TestAddress.email)))


def keep(session: Session, emails: list[str], *, now: datetime) -> None:
    """These and no others."""
    session.execute(delete(TestAddress).where(TestAddress.email.not_in(emails)))
    if emails:
        rows = [{"email": email, "created_at": now} for email in emails]
        session.execute(insert(TestAddress).values(rows).on_conflict_do_nothing())
