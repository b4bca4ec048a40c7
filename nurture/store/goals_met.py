"""Goals that runs of programs have met, each once, with what it was worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref
from nurture.store.statistics import day_of


class GoalMet(Base):
    """One run that ended by the goal of its program, or whose lead met it after leaving. `value` in
    `currency`, NULL where nobody said what it is worth; `held_out`: its lead was kept without mails, to
    compare with."""

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


# Counted by day beside, with what they are worth.
_ADD = """
    WITH given AS ({given}), added AS (
        INSERT INTO goal_met (enrollment_id, program_id, chain_id, version_id, lead_id, step_key, at, value,
                              currency, held_out)
        SELECT enrollment_id, program_id, chain_id, version_id, lead_id, step_key, :now, value, currency,
               held_out
        FROM given
        ON CONFLICT (enrollment_id) DO NOTHING
        RETURNING chain_id, version_id, value, currency, held_out
    )
    INSERT INTO step_day (chain_id, day, version_id, step_key, what, n, total)
    SELECT a.chain_id, :day, a.version_id, '', w.what, count(*), coalesce(sum(w.total), 0)
    FROM added a
    CROSS JOIN LATERAL (
        SELECT CASE WHEN a.held_out THEN '_held_out' ELSE '' END AS whose
    ) h
    CROSS JOIN LATERAL (
        SELECT 'goal' || h.whose AS what, 0::numeric AS total
        UNION ALL
        SELECT 'worth' || h.whose || ':' || coalesce(a.currency, ''), a.value WHERE a.value IS NOT NULL
    ) w
    GROUP BY a.chain_id, a.version_id, w.what
    ORDER BY a.chain_id, a.version_id, w.what
    ON CONFLICT (chain_id, day, version_id, step_key, what)
    DO UPDATE SET n = step_day.n + excluded.n, total = step_day.total + excluded.total
"""
_ADD_RUNS = text(
    _ADD.format(
        given="""
            SELECT enrollment_id, program_id, chain_id, version_id, lead_id, step_key,
                   CAST(value AS numeric) AS value, currency, held_out
            FROM unnest(CAST(:runs AS bigint[]), CAST(:programs AS bigint[]), CAST(:chains AS bigint[]),
                        CAST(:versions AS bigint[]), CAST(:leads AS bigint[]), CAST(:steps AS text[]),
                        CAST(:values AS text[]), CAST(:currencies AS text[]), CAST(:held AS boolean[]))
                 AS g (enrollment_id, program_id, chain_id, version_id, lead_id, step_key, value, currency,
                       held_out)
        """
    )
)
_ADD_LATE = text(
    _ADD.format(
        given="""
            SELECT e.id AS enrollment_id, e.program_id, e.chain_id, e.version_id, e.lead_id, e.step_key,
                   CAST(g.value AS numeric) AS value, g.currency, a.way = 'held_out' AS held_out
            FROM unnest(CAST(:leads AS bigint[]), CAST(:programs AS bigint[]), CAST(:values AS text[]),
                        CAST(:currencies AS text[])) AS g (lead_id, program_id, value, currency)
            JOIN arm_lead a ON a.lead_id = g.lead_id AND a.program_id = g.program_id AND a.chain_id = 0
            CROSS JOIN LATERAL (
                SELECT * FROM enrollment l
                WHERE l.lead_id = g.lead_id AND l.program_id = g.program_id
                ORDER BY l.ended_at DESC NULLS LAST, l.id DESC LIMIT 1
            ) e
        """
    )
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
        _ADD_RUNS,
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
            "day": day_of(now),
        },
    )


def add_late(
    session: Session, late: Sequence[tuple[int, int, float | None, str | None]], *, now: datetime
) -> None:
    """The same for leads that have left: (lead, program, value, currency); put down to their last run."""
    if not late:
        return
    session.execute(
        _ADD_LATE,
        {
            "leads": [lead_id for lead_id, _program, _value, _currency in late],
            "programs": [program_id for _lead, program_id, _value, _currency in late],
            "values": [None if value is None else repr(value) for _lead, _program, value, _currency in late],
            "currencies": [currency for _lead, _program, _value, currency in late],
            "now": now,
            "day": day_of(now),
        },
    )


def sums(session: Session, program_id: int, *, since: datetime | None = None) -> list[GoalSum]:
    """What the goals of a program come to, by currency, those held out apart."""
    rows = session.execute(_SUMS, {"program_id": program_id, "since": since})
    return [GoalSum(**row._mapping) for row in rows]
