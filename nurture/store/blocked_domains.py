"""Domains that nobody is written to at: a company has asked to be left alone as a whole."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Index, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant


class BlockedDomain(Base):
    """`domain` as an A-label in lower case; what lies below it is blocked too. Lifted entries stay, with
    `lifted_at`."""

    __tablename__ = "blocked_domain"
    __table_args__ = (
        Index("uq_blocked_domain_active", "domain", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[Id]
    domain: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    at: Mapped[Instant]
    by: Mapped[str]
    lifted_at: Mapped[Instant | None]
    lifted_by: Mapped[str | None]


def blocked(session: Session, domains: Iterable[str]) -> set[str]:
    """Those of the domains that are blocked now, by themselves or by one they lie below. One statement."""
    wanted = {domain: _upwards(domain) for domain in domains}
    names = {name for chain in wanted.values() for name in chain}
    if not names:
        return set()
    query = select(BlockedDomain.domain).where(
        BlockedDomain.domain.in_(names), BlockedDomain.lifted_at.is_(None)
    )
    active = set(session.scalars(query))
    return {domain for domain, chain in wanted.items() if active.intersection(chain)}


def active(session: Session, domain: str) -> BlockedDomain | None:
    """The entry that blocks exactly this domain now."""
    query = select(BlockedDomain).where(BlockedDomain.domain == domain, BlockedDomain.lifted_at.is_(None))
    return session.scalar(query)


def page(session: Session, *, before: int | None, limit: int) -> Sequence[BlockedDomain]:
    """Entries, newest first, lifted ones too."""
    query = select(BlockedDomain).order_by(BlockedDomain.id.desc()).limit(limit)
    if before is not None:
        query = query.where(BlockedDomain.id < before)
    return session.scalars(query).all()


def block(session: Session, domain: str, *, detail: str, by: str, now: datetime) -> None:
    """Block it; one that is blocked already keeps its first entry."""
    statement = insert(BlockedDomain).values(domain=domain, detail=detail, at=now, by=by)
    session.execute(
        statement.on_conflict_do_nothing(
            index_elements=["domain"], index_where=BlockedDomain.lifted_at.is_(None)
        )
    )


def _upwards(domain: str) -> list[str]:
    """The domain and everything it lies below, without the top level."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]
