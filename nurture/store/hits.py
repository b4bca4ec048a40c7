"""Hits: every request at the tracking door, raw facts and verdict, nothing thrown away."""

import uuid

from sqlalchemy import Index, PrimaryKeyConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Instant, Json, Ref, Words


class Hit(Base):
    """An open or a click as it came in. `received_at` is the time inside the UUIDv7, so the same hit
    from stream and spool meets itself. Partitioned by RANGE (received_at)."""

    __tablename__ = "hit"
    __table_args__ = (
        PrimaryKeyConstraint("id", "received_at"),
        Index("ix_hit_delivery_id_received_at", "delivery_id", "received_at"),
        Index("ix_hit_lead_id_received_at", "lead_id", "received_at"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid)
    received_at: Mapped[Instant]
    occurred_at: Mapped[Instant]
    kind: Mapped[str]
    delivery_id: Mapped[Ref]
    lead_id: Mapped[Ref | None]
    link_id: Mapped[Ref | None]
    method: Mapped[str]
    ip: Mapped[str | None]
    user_agent: Mapped[str]
    headers: Mapped[Json]
    verdict: Mapped[str]
    reasons: Mapped[Words]


class TrackingCursor(Base):
    """How far a source of hits (the Redis stream, a host's spool segment) has been drained."""

    __tablename__ = "tracking_cursor"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[str]
    at: Mapped[Instant]
