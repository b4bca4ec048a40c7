"""Addresses that must not be written to, kept as peppered hashes so that they outlive erasure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Index, LargeBinary, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.consent import LEFT_ALL
from nurture.store.base import Base, Id, Instant, Ref
from nurture.store.kept_nos import EVERYTHING


class Suppression(Base):
    """HMAC-SHA256(pepper, normalised address) of an address. `reason`: hard_bounce, soft_bounces,
    complaint, unsubscribed_all, manual, erased. Lifted entries stay, with `lifted_at`."""

    __tablename__ = "suppression"
    __table_args__ = (
        Index(
            "uq_suppression_active", "address_hash", unique=True, postgresql_where=text("lifted_at IS NULL")
        ),
        Index(
            "ix_suppression_left",
            "lead_id",
            postgresql_where=text(f"reason = '{LEFT_ALL}' AND lifted_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    address_hash: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    lead_id: Mapped[Ref | None]
    delivery_id: Mapped[Ref | None]
    at: Mapped[Instant]
    lifted_at: Mapped[Instant | None]
    lifted_by: Mapped[str | None]


_BLOCK = 64  # of SHA-256, in bytes
_ACTIVE = text(f"""
    WITH asked AS (SELECT decode(digits, 'hex') AS hash FROM unnest(string_to_array(:hashes, ',')) h (digits))
    SELECT s.address_hash, s.reason, NULL AS purpose
    FROM asked JOIN suppression s ON s.address_hash = asked.hash AND s.lifted_at IS NULL
    UNION ALL
    SELECT k.address_hash, '{LEFT_ALL}', nullif(k.purpose, '{EVERYTHING}')
    FROM asked JOIN kept_no k ON k.address_hash = asked.hash AND k.lifted_at IS NULL
""")


@dataclass(frozen=True)
class NewSuppression:
    """An address to write to no more, by its hash, and what led to it."""

    address_hash: bytes
    reason: str
    detail: str = ""
    lead_id: int | None = None
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class Shut:
    """`wholly` are addresses that are suppressed, each with its reason; `purposes` what the owners of others
    have said no to alone."""

    wholly: dict[bytes, str]
    purposes: dict[bytes, set[str]]


def address_hash(pepper: bytes, normalised: str) -> bytes:
    """HMAC-SHA256 of an address in normal form (version 1 of the rule)."""
    inside, outside = _keyed(pepper)
    inner, outer = inside.copy(), outside.copy()
    inner.update(normalised.encode())
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=8)
def _keyed(pepper: bytes) -> "tuple[hashlib._Hash, hashlib._Hash]":
    """The inner and the outer hash of HMAC (RFC 2104, section 2) with the pepper in them, to be copied for
    each address: a quarter of the cost of beginning anew."""
    block = (hashlib.sha256(pepper).digest() if len(pepper) > _BLOCK else pepper).ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def shut(session: Session, hashes: Iterable[bytes]) -> Shut:
    """What these addresses must not be written to about. One statement."""
    wanted = list(hashes)
    found = Shut({}, {})
    if not wanted:
        return found
    rows = session.execute(_ACTIVE, {"hashes": ",".join([digest.hex() for digest in wanted])})
    for digest, reason, purpose in rows:
        if purpose is not None:
            found.purposes.setdefault(bytes(digest), set()).add(purpose)
        elif reason != LEFT_ALL or digest not in found.wholly:  # the others say more: they hold for any mail
            found.wholly[bytes(digest)] = reason
    return found


def suppressed(session: Session, hashes: Iterable[bytes]) -> dict[bytes, str]:
    """Those of the hashes that are suppressed now, each with its reason."""
    return shut(session, hashes).wholly


def active(session: Session, digest: bytes) -> Suppression | None:
    """What keeps this address out now."""
    query = select(Suppression).where(Suppression.address_hash == digest, Suppression.lifted_at.is_(None))
    return session.scalar(query)


def left_by(session: Session, lead_id: int) -> Sequence[int]:
    """The entries by which this lead wants no mails at all."""
    query = select(Suppression.id).where(
        Suppression.lead_id == lead_id,
        Suppression.reason == LEFT_ALL,
        Suppression.lifted_at.is_(None),
    )
    return session.scalars(query).all()


def page(session: Session, *, reason: str | None, before: int | None, limit: int) -> Sequence[Suppression]:
    """Entries, newest first, lifted ones too."""
    query = select(Suppression).order_by(Suppression.id.desc()).limit(limit)
    if reason is not None:
        query = query.where(Suppression.reason == reason)
    if before is not None:
        query = query.where(Suppression.id < before)
    return session.scalars(query).all()


def lift(session: Session, ids: Sequence[int], *, by: str, now: datetime) -> None:
    """These entries keep nobody out any more."""
    query = text(
        "UPDATE suppression SET lifted_at = :now, lifted_by = :by"
        " WHERE id = ANY(CAST(:ids AS bigint[])) AND lifted_at IS NULL"
    )
    session.execute(query, {"ids": list(ids), "by": by, "now": now})


def suppress(session: Session, entries: Sequence[NewSuppression], *, now: datetime) -> None:
    """Suppress these addresses; one that is suppressed already keeps its first reason."""
    if not entries:
        return
    rows = [
        {
            "address_hash": entry.address_hash,
            "reason": entry.reason,
            "detail": entry.detail,
            "lead_id": entry.lead_id,
            "delivery_id": entry.delivery_id,
            "at": now,
        }
        for entry in entries
    ]
    statement = insert(Suppression).values(rows)
    session.execute(
        statement.on_conflict_do_nothing(
            index_elements=["address_hash"], index_where=Suppression.lifted_at.is_(None)
        )
    )
