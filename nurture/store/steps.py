"""What happened at the steps of chains: the history of each run, and counters kept by increments."""

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref


class ChainEvent(Base):
    """One thing that happened to a run at a step: entered, sent, skipped, deferred, waited, branched,
    moved, handed_over, left. Appended only; it answers "why"."""

    __tablename__ = "chain_event"
    __table_args__ = (Index("ix_chain_event_enrollment_id_id", "enrollment_id", "id"),)

    id: Mapped[Id]
    enrollment_id: Mapped[Ref] = mapped_column(ForeignKey("enrollment.id"))
    lead_id: Mapped[Ref]
    at: Mapped[Instant]
    step_key: Mapped[str | None]
    what: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[Json]


class StepCount(Base):
    """Counters of a step of a chain version: entered, left, sent, failed, skipped, opened, clicked (by
    people, once a delivery). Waiting at a step is entered - left."""

    __tablename__ = "step_count"

    chain_id: Mapped[Ref] = mapped_column(ForeignKey("chain.id"), primary_key=True)
    version_id: Mapped[Ref] = mapped_column(ForeignKey("program_version.id"), primary_key=True)
    step_key: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class FlowCount(Base):
    """Moves between the chains of a program by day: cold to warm, warm to hot, back, in and out."""

    __tablename__ = "flow_count"

    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"), primary_key=True)
    day: Mapped[Instant] = mapped_column(primary_key=True)
    old: Mapped[str] = mapped_column(primary_key=True)
    new: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
