"""Links of mails: the only place a tracked click may lead to."""

from collections.abc import Sequence

from sqlalchemy import ForeignKey, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

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


def add(session: Session, mail_version_id: int, links: Sequence[tuple[int, str, str]]) -> None:
    """Store the links (no, url, label) of a new mail version."""
    if not links:
        return
    rows = [
        {"mail_version_id": mail_version_id, "no": no, "url": url, "label": label} for no, url, label in links
    ]
    session.execute(insert(Link), rows)


def ids_of(session: Session, mail_version_id: int) -> dict[int, int]:
    """Link ids of a mail version by number."""
    rows = session.execute(select(Link.no, Link.id).where(Link.mail_version_id == mail_version_id))
    return {row.no: row.id for row in rows}


def targets_after(session: Session, link_id: int, limit: int = 10_000) -> list[tuple[int, str]]:
    """(id, url) of the links made after the one given, in order of id: what a cache of targets reads."""
    rows = session.execute(select(Link.id, Link.url).where(Link.id > link_id).order_by(Link.id).limit(limit))
    return [(row.id, row.url) for row in rows]


def target_of(session: Session, link_id: int) -> str | None:
    """Where a link leads, or None."""
    return session.execute(select(Link.url).where(Link.id == link_id)).scalar_one_or_none()
