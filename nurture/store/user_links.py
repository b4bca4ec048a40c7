"""Links by which a person comes in: an invitation, or a new password for one who forgot it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.user_links import INVITE
from nurture.store.base import Base, Id, Instant, Ref


class UserLink(Base):
    """One link, good once and until `expires_at` (real time); `ended_at` says that it was used or taken
    back. An invitation has no user yet. At most one of a kind is open for an address."""

    __tablename__ = "user_link"
    __table_args__ = (
        Index("ix_user_link_open", "kind", "email", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    user_id: Mapped[Ref | None] = mapped_column(ForeignKey("user_account.id"))
    email: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str] = mapped_column(server_default="")
    role: Mapped[str] = mapped_column(server_default="")
    made_by: Mapped[str]
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


def opening(session: Session, link_id: int, kind: str, *, real: datetime) -> UserLink | None:
    """The link while it is good, held until the transaction ends, so that it works once."""
    link = session.get(UserLink, link_id, with_for_update=not _read_only(session))
    good = link is not None and link.kind == kind and link.ended_at is None and link.expires_at > real
    return link if good else None


def end(session: Session, kind: str, email: str, *, real: datetime) -> None:
    """Take back whatever is open of this kind for this address."""
    statement = update(UserLink).where(
        UserLink.kind == kind, UserLink.email == email, UserLink.ended_at.is_(None)
    )
    session.execute(statement.values(ended_at=real))


def invitations(session: Session) -> list[UserLink]:
    """Those that wait to be accepted, newest first; run-out ones too."""
    query = select(UserLink).where(UserLink.kind == INVITE, UserLink.ended_at.is_(None))
    return list(session.scalars(query.order_by(UserLink.id.desc()).limit(500)))


def _read_only(session: Session) -> bool:
    return bool(session.connection().get_execution_options().get("postgresql_readonly"))
