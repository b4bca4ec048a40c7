"""Addresses that must not be written to, kept as peppered hashes so that they outlive erasure."""

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Ref


class Suppression(Base):
    """HMAC-SHA256(pepper, normalised address) of an address. `reason`: hard_bounce, complaint,
    unsubscribed_all, manual, erased. Lifted entries stay, with `lifted_at`."""

    __tablename__ = "suppression"
    __table_args__ = (
        Index(
            "uq_suppression_active", "address_hash", unique=True, postgresql_where=text("lifted_at IS NULL")
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
