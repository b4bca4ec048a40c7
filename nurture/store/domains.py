"""Sending domains: what the DNS says of each, and the keys that sign for it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, JsonList, Ref, Words

WAITING, SIGNING, RETIRED = "waiting", "signing", "retired"


class SendingDomain(Base):
    """A domain that mails come from. `servers` are the SPF terms of who sends for it (`ip4:…`,
    `include:…`), `link_host` a name of its own for the links in its mails, used while `links_lead_here`.
    `findings` is what the last check found (rules/domains.py); `verified_at` stands while mails from here
    prove where they come from."""

    __tablename__ = "sending_domain"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    servers: Mapped[Words]
    link_host: Mapped[str | None]
    links_lead_here: Mapped[Flag]
    findings: Mapped[JsonList]
    created_at: Mapped[Instant]
    checked_at: Mapped[Instant | None]
    verified_at: Mapped[Instant | None]


class DkimKey(Base):
    """A key of a domain. `state`: waiting (not yet found in the DNS), signing, retired (its record stays
    until `published_until`, for mails still on their way). `public` is the TXT record, `sealed` the private
    key as the vault keeps it; a retired one has none."""

    __tablename__ = "dkim_key"
    __table_args__ = (
        UniqueConstraint("domain_id", "selector"),
        Index(
            "uq_dkim_key_signing",
            "domain_id",
            "algorithm",
            unique=True,
            postgresql_where=text("state = 'signing'"),
        ),
        CheckConstraint("algorithm IN ('rsa', 'ed25519')", name="algorithm"),
        CheckConstraint("state IN ('waiting', 'signing', 'retired')", name="state"),
    )

    id: Mapped[Id]
    domain_id: Mapped[Ref] = mapped_column(ForeignKey("sending_domain.id", ondelete="CASCADE"))
    selector: Mapped[str]
    algorithm: Mapped[str]
    public: Mapped[str]
    sealed: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=WAITING)
    created_at: Mapped[Instant]
    signing_since: Mapped[Instant | None]
    published_until: Mapped[Instant | None]


def add(session: Session, name: str, *, now: datetime) -> SendingDomain:
    """A new domain; the caller has made sure that there is none of this name."""
    domain = SendingDomain(name=name, created_at=now)
    session.add(domain)
    session.flush()
    return domain


def get(session: Session, domain_id: int, *, lock: bool = False) -> SendingDomain | None:
    """One domain, held until the transaction ends if asked."""
    return session.get(SendingDomain, domain_id, with_for_update=lock, populate_existing=lock)


def by_name(session: Session, name: str) -> SendingDomain | None:
    return session.scalars(select(SendingDomain).where(SendingDomain.name == name)).first()


def page(session: Session, *, after: int = 0, limit: int = 500) -> list[SendingDomain]:
    """Domains in the order in which they were added."""
    query = select(SendingDomain).where(SendingDomain.id > after).order_by(SendingDomain.id)
    return list(session.scalars(query.limit(limit)))


def keys_of(session: Session, domain_ids: Sequence[int]) -> dict[int, list[DkimKey]]:
    """The keys of each domain, oldest first."""
    found: dict[int, list[DkimKey]] = {one: [] for one in domain_ids}
    query = select(DkimKey).where(DkimKey.domain_id.in_(list(domain_ids))).order_by(DkimKey.id)
    for key in session.scalars(query):
        found[key.domain_id].append(key)
    return found


_SIGNING = text("""
    SELECT d.name, CASE WHEN d.links_lead_here THEN d.link_host END AS link_host,
           k.id AS key_id, k.selector, k.sealed
    FROM sending_domain d LEFT JOIN dkim_key k ON k.domain_id = d.id AND k.state = 'signing'
    WHERE d.name = :name OR :name LIKE '%.' || d.name
    ORDER BY length(d.name) DESC, k.id
""")


def signing(session: Session, name: str) -> list[Mapping[str, Any]]:
    """The keys that sign mails from this domain, and the host of their links: those of the domain itself or
    of the nearest one above it. Rows of name, link_host, key_id, selector, sealed."""
    rows = [row._asdict() for row in session.execute(_SIGNING, {"name": name})]
    return [row for row in rows if row["name"] == rows[0]["name"]]


def verified(session: Session, name: str) -> bool:
    """Whether mails from this domain prove where they come from, as far as the last check knows."""
    query = select(SendingDomain.id).where(SendingDomain.name == name, SendingDomain.verified_at.is_not(None))
    return session.scalar(query) is not None


def proven(session: Session, names: Collection[str]) -> frozenset[str]:
    """Those of these domains whose mails prove where they come from, as far as the last check knows."""
    query = select(SendingDomain.name).where(
        SendingDomain.name.in_(list(names)), SendingDomain.verified_at.is_not(None)
    )
    return frozenset(session.scalars(query)) if names else frozenset()


def ids_of(session: Session, names: Collection[str]) -> dict[str, int]:
    """The numbers of those domains that are known, by name."""
    query = select(SendingDomain.name, SendingDomain.id).where(SendingDomain.name.in_(list(names)))
    return {row.name: row.id for row in session.execute(query)}


def add_key(
    session: Session,
    domain_id: int,
    *,
    selector: str,
    algorithm: str,
    public: str,
    sealed: str,
    now: datetime,
) -> DkimKey:
    """A new key, waiting to be found in the DNS."""
    key = DkimKey(
        domain_id=domain_id,
        selector=selector,
        algorithm=algorithm,
        public=public,
        sealed=sealed,
        state=WAITING,
        created_at=now,
    )
    session.add(key)
    session.flush()
    return key
