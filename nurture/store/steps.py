"""What happened at the steps of chains: the history of each run, and counters kept by increments."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import batch
from nurture.store.base import Base, Id, Instant, Json, Ref


class ChainEvent(Base):
    """One thing that happened to a run at a step: entered, sent, skipped, deferred, waited, branched,
    moved, handed_over, left. Appended only; it answers "why"."""

    __tablename__ = "chain_event"
    __table_args__ = (Index("ix_chain_event_enrollment_id_id", "enrollment_id", "id"),)

    id: Mapped[Id]
    enrollment_id: Mapped[Ref]
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


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One line of a run's history."""

    enrollment_id: int
    lead_id: int
    step_key: str | None
    what: str
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


# (chain id, version id, step key, what)
StepTally = Counter[tuple[int, int, str, str]]
# (program id, old temperature, new temperature); "" is outside
FlowTally = Counter[tuple[int, str, str]]

_NOTE = text(
    """
    INSERT INTO chain_event (enrollment_id, lead_id, at, step_key, what, reason, detail)
    SELECT enrollment_id, lead_id, :now, step_key, what, reason, detail
    FROM json_to_recordset(CAST(:rows AS json)) AS n (
        enrollment_id bigint, lead_id bigint, step_key text, what text, reason text, detail jsonb
    )
    """
)
_COUNT = text(
    """
    INSERT INTO step_count (chain_id, version_id, step_key, what, n)
    SELECT * FROM unnest(CAST(:chains AS bigint[]), CAST(:versions AS bigint[]), CAST(:steps AS text[]),
                         CAST(:whats AS text[]), CAST(:ns AS bigint[]))
    ON CONFLICT (chain_id, version_id, step_key, what) DO UPDATE SET n = step_count.n + excluded.n
    """
)
_COUNT_FLOW = text(
    """
    INSERT INTO flow_count (program_id, day, old, new, n)
    SELECT program_id, :day, old, new, n
    FROM unnest(CAST(:programs AS bigint[]), CAST(:olds AS text[]), CAST(:news AS text[]),
                CAST(:ns AS bigint[])) AS f (program_id, old, new, n)
    ON CONFLICT (program_id, day, old, new) DO UPDATE SET n = flow_count.n + excluded.n
    """
)


def note(session: Session, events: Sequence[NewEvent], *, now: datetime) -> None:
    """Append to the history of runs."""
    if events:
        session.execute(_NOTE, {"rows": batch.rows(events), "now": now})


def count(session: Session, tally: StepTally) -> None:
    """Raise counters of steps. In key order, so that two batches never wait for each other in a circle."""
    if not tally:
        return
    rows = sorted(tally.items())
    session.execute(
        _COUNT,
        {
            "chains": [key[0] for key, _n in rows],
            "versions": [key[1] for key, _n in rows],
            "steps": [key[2] for key, _n in rows],
            "whats": [key[3] for key, _n in rows],
            "ns": [n for _key, n in rows],
        },
    )


def count_flows(session: Session, tally: FlowTally, *, now: datetime) -> None:
    """Raise the counters of moves into, between and out of the chains of programs on this UTC day."""
    if not tally:
        return
    rows = sorted(tally.items())
    session.execute(
        _COUNT_FLOW,
        {
            "day": now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
            "programs": [key[0] for key, _n in rows],
            "olds": [key[1] for key, _n in rows],
            "news": [key[2] for key, _n in rows],
            "ns": [n for _key, n in rows],
        },
    )
