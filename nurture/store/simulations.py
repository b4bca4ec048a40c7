"""Simulations: what was asked, the program as it was then, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json, Ref

_LOCKS = 7_268_600_000_000
# Older ones of the same program make room: a simulation is done again in seconds.
_MOST_KEPT = 50


class Simulation(Base):
    """One simulation. `settings` as it was asked for; `sources` the files of each version that is simulated,
    by side (a, b); `progress` a share from 0 to 1; `result` by side; `seconds` how long it took."""

    __tablename__ = "simulation"
    __table_args__ = (
        Index("ix_simulation_program_id", "program_id"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
    )

    id: Mapped[Id]
    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    settings: Mapped[Json]
    sources: Mapped[Json]
    progress: Mapped[float] = mapped_column(server_default=text("0"))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[str] = mapped_column(server_default="")
    seconds: Mapped[float | None]
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(server_default="")
    finished_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class Listed:
    """A simulation as lists show it."""

    id: int
    state: str
    settings: Mapping[str, Any]
    progress: float
    headline: Mapping[str, Any]
    created_at: datetime
    created_by: str


_LISTED = text(
    """
    SELECT s.id, s.state, s.settings, s.progress, s.created_at, coalesce(u.name, s.created_by) AS created_by,
           coalesce(s.result #> '{a,figures}', '{}') AS headline
    FROM simulation s LEFT JOIN user_account u ON 'user:' || u.id = s.created_by
    WHERE s.program_id = :program_id AND s.id < :before ORDER BY s.id DESC LIMIT :limit
    """
)
_FORGET = text(
    """
    DELETE FROM simulation WHERE program_id = :program_id AND state IN ('done', 'failed') AND id NOT IN (
        SELECT id FROM simulation WHERE program_id = :program_id ORDER BY id DESC LIMIT :most
    )
    """
)


def add(
    session: Session,
    program_id: int,
    settings: Mapping[str, Any],
    sources: Mapping[str, Any],
    *,
    now: datetime,
    by: str,
) -> int:
    """A simulation that waits to be carried out; the oldest of many are forgotten."""
    row = Simulation(
        program_id=program_id,
        state="waiting",
        settings=dict(settings),
        sources=dict(sources),
        created_at=now,
        created_by=by,
    )
    session.add(row)
    session.flush()
    session.execute(_FORGET, {"program_id": program_id, "most": _MOST_KEPT})
    return row.id


def get(session: Session, simulation_id: int) -> Simulation | None:
    return session.get(Simulation, simulation_id)


def listed(session: Session, program_id: int, *, before: int | None = None, limit: int = 20) -> list[Listed]:
    """Those of a program, the newest first, older than `before`."""
    values = {"program_id": program_id, "before": before or 2**62, "limit": limit}
    return [Listed(**row) for row in session.execute(_LISTED, values).mappings()]


def unfinished(session: Session) -> list[int]:
    """Those that wait or were interrupted, the oldest first."""
    query = select(Simulation.id).where(Simulation.state.in_(("waiting", "running")))
    return list(session.scalars(query.order_by(Simulation.id)))


def take(session: Session, simulation_id: int) -> bool:
    """Whether it is ours to carry out, until `session` ends: nobody else does it at the same time."""
    taken = text("SELECT pg_try_advisory_xact_lock(CAST(:lock AS bigint))")
    return bool(session.scalar(taken, {"lock": _LOCKS + simulation_id}))


def note_progress(session: Session, simulation_id: int, share: float) -> None:
    session.execute(
        update(Simulation).where(Simulation.id == simulation_id).values(state="running", progress=share)
    )


def finish(
    session: Session,
    simulation_id: int,
    *,
    result: Mapping[str, Any] | None,
    error: str,
    seconds: float,
    now: datetime,
) -> None:
    """It has come to its end, with a result or a sentence why there is none."""
    session.execute(
        update(Simulation)
        .where(Simulation.id == simulation_id)
        .values(
            state="done" if result is not None else "failed",
            progress=1.0,
            result=result,
            error=error,
            seconds=seconds,
            finished_at=now,
        )
    )
