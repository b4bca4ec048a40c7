"""Recovery codes: what lets a person in whose phone is lost. Only their hashes are kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Ref


class RecoveryCode(Base):
    """One code of a user, good once."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_user_id", "user_id"),)

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"))
    code_hash: Mapped[str]
    used_at: Mapped[Instant | None]


def replace(session: Session, user_id: int, hashes: Sequence[str]) -> None:
    """These instead of all before; none of them when `hashes` is empty."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(user_id=user_id, code_hash=one) for one in hashes)


def use(session: Session, user_id: int, code_hash: str, *, now: datetime) -> bool:
    """Whether this is an unused code of the user; it is used from now on."""
    query = select(RecoveryCode).where(
        RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None)
    )
    code = session.scalars(query.with_for_update()).first()
    if code is None:
        return False
    code.used_at = now
    return True


def left(session: Session, user_id: int) -> int:
    """How many are unused."""
    query = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return int(session.scalar(query) or 0)
