"""Goals that runs of programs have met, each once, with what it was worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref


class GoalMet(Base):
    """One run that ended by the goal of its program. `value` in `currency`, NULL where nobody said what it
    is worth; `held_out`: its lead was kept without mails, to compare with."""

    __tablename__ = "goal_met"
    __table_args__ = (Index("ix_goal_met_program_id_at", "program_id", "at"),)

    enrollment_id: Mapped[Ref] = mapped_column(
        ForeignKey("enrollment.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    program_id: Mapped[Ref]
    chain_id: Mapped[Ref]
    version_id: Mapped[Ref]
    lead_id: Mapped[Ref]
    step_key: Mapped[str | None]
    at: Mapped[Instant]
    value: Mapped[Decimal | None] = mapped_column(Numeric)
    currency: Mapped[str | None]
    held_out: Mapped[bool]


@dataclass(frozen=True, slots=True)
class NewGoal:
    """A run that has met its goal."""

    enrollment_id: int
    program_id: int
    chain_id: int
    version_id: int
    lead_id: int
    step_key: str | None
    value: float | None
    currency: str | None
    held_out: bool


@dataclass(frozen=True, slots=True)
class GoalSum:
    """Of a program: so many runs met the goal, together worth `value` in `currency` (None: not said)."""

    n: int
    value: Decimal | None
    currency: str | None
    held_out: bool


_ADD = text(
    """
    INSERT INTO goal_met (enrollment_id, program_id, chain_id, version_id, lead_id, step_key, at, value,
                          currency, held_out)
    SELECT enrollment_id, program_id, chain_id, version_id, lead_id, step_key, :now,
           CAST(value AS numeric), currency, held_out
    FROM unnest(CAST(:runs AS bigint[]), CAST(:programs AS bigint[]), CAST(:chains AS bigint[]),
                CAST(:versions AS bigint[]), CAST(:leads AS bigint[]), CAST(:steps AS text[]),
                CAST(:values AS text[]), CAST(:currencies AS text[]), CAST(:held AS boolean[]))
         AS g (enrollment_id, program_id, chain_id, version_id, lead_id, step_key, value, currency, held_out)
    ON CONFLICT (enrollment_id) DO NOTHING
    """
)
_SUMS = text(
    """
    SELECT count(*) AS n, sum(value) AS value, currency, held_out FROM goal_met
    WHERE program_id = :program_id AND at >= coalesce(CAST(:since AS timestamptz), '-infinity')
    GROUP BY currency, held_out ORDER BY held_out, n DESC, currency
    """
)


def add(session: Session, met: Sequence[NewGoal], *, now: datetime) -> None:
    """Count these goals, each run once, in one statement."""
    if not met:
        return
    session.execute(
        _ADD,
        {
            "runs": [one.enrollment_id for one in met],
            "programs": [one.program_id for one in met],
            "chains": [one.chain_id for one in met],
            "versions": [one.version_id for one in met],
            "leads": [one.lead_id for one in met],
            "steps": [one.step_key for one in met],
            "values": [None if one.value is None else repr(one.value) for one in met],
            "currencies": [one.currency for one in met],
            "held": [one.held_out for one in met],
            "now": now,
        },
    )


def sums(session: Session, program_id: int, *, since: datetime | None = None) -> list[GoalSum]:
    """What the goals of a program come to, by currency, those held out apart."""
    rows = session.execute(_SUMS, {"program_id": program_id, "since": since})
    return [GoalSum(**row._mapping) for row in rows]
