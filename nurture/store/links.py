"""Links of mails: the only place a tracked click may lead to."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Ref


class Link(Base):
    """The n-th link of a mail version, with its target. Immutable, so that caches never go stale."""

    __tablename__ = "link"
    __table_args__ = (UniqueConstraint("mail_version_id", "no"),)

    id: Mapped[Id]
    mail_version_id: Mapped[Ref] = mapped_column(ForeignKey("mail_version.id"))
    no: Mapped[int]
    url: Mapped[str]
    label: Mapped[str] = mapped_column(server_default="")
