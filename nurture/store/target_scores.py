"""Target scores: regressions fitted on the company's own outcomes, and what they were worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Json


class TargetScore(Base):
    """One training. `spec` is the fitted model (rules/target/score), `report` what it reached on leads it had
    not seen and what was left out; at most one is `active`."""

    __tablename__ = "target_score"
    __table_args__ = (
        Index("uq_target_score_active", "active", unique=True, postgresql_where=text("active")),
    )

    id: Mapped[Id]
    trained_at: Mapped[Instant]
    trained_by: Mapped[str] = mapped_column(server_default="")
    active: Mapped[Flag]
    spec: Mapped[Json]
    report: Mapped[Json]


@dataclass(frozen=True, slots=True)
class Trained:
    id: int
    trained_at: datetime
    active: bool
    spec: Mapping[str, Any]
    report: Mapping[str, Any]


_COLUMNS = "id, trained_at, active, spec, report"


def add(
    session: Session,
    spec: Mapping[str, Any],
    report: Mapping[str, Any],
    *,
    active: bool,
    now: datetime,
    by: str,
) -> None:
    """Keep a training, in place of the one before: an older score is shown no more."""
    session.execute(text("UPDATE target_score SET active = false WHERE active"))
    session.flush()
    row = TargetScore(trained_at=now, trained_by=by, active=active, spec=dict(spec), report=dict(report))
    session.add(row)
    session.flush()


def active(session: Session) -> Trained | None:
    """The score that is shown on leads."""
    row = session.execute(text(f"SELECT {_COLUMNS} FROM target_score WHERE active")).one_or_none()
    return None if row is None else Trained(**row._mapping)


def newest(session: Session) -> Trained | None:
    row = session.execute(text(f"SELECT {_COLUMNS} FROM target_score ORDER BY id DESC LIMIT 1")).one_or_none()
    return None if row is None else Trained(**row._mapping)
