"""Signals: recorded activities of people, partitioned by month of arrival."""

import uuid

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Instant, Json, Ref


class Signal(Base):
    """One activity. `id` is a UUIDv7 and `received_at` its own time for hits, so that the pair is
    unique across partitions. `verdict` is the one known when it arrived; later ones are appended to
    signal_verdict. Partitioned by RANGE (received_at): see store/partitions.py."""

    __tablename__ = "signal"
    __table_args__ = (
        PrimaryKeyConstraint("id", "received_at"),
        Index("ix_signal_lead_id_occurred_at", "lead_id", "occurred_at"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid)
    received_at: Mapped[Instant]
    lead_id: Mapped[Ref]
    kind: Mapped[str]
    occurred_at: Mapped[Instant]
    source: Mapped[str]
    delivery_id: Mapped[Ref | None]
    mail_key: Mapped[str | None]
    data: Mapped[Json]
    verdict: Mapped[str] = mapped_column(server_default="human")


class SignalKey(Base):
    """External keys of signals, unpartitioned: the same (source, key) is the same signal."""

    __tablename__ = "signal_key"

    source: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    signal_id: Mapped[uuid.UUID] = mapped_column(Uuid)


class SignalVerdict(Base):
    """A later verdict on a signal or hit: re-judged by rule or overruled by a marketer. Appended only;
    the latest holds."""

    __tablename__ = "signal_verdict"

    signal_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[Instant] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]


class UnratedSignal(Base):
    """Signals that flows/rate has not counted yet: its inbox."""

    __tablename__ = "unrated_signal"
    __table_args__ = (Index("ix_unrated_signal_lead_id", "lead_id"),)

    signal_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    received_at: Mapped[Instant]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
