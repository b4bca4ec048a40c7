"""Runs that have met the goal of their program are counted, each once, with what the goal is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.rules.chain import Worth
from nurture.store import goals_met, statistics
from nurture.store.goals_met import NewGoal


@dataclass(frozen=True, slots=True)
class Met:
    """A run that has met its goal, where it stood, and whether its lead was held out."""

    run_id: int
    program_id: int
    chain_id: int
    version_id: int
    lead_id: int
    step_key: str | None
    resting: str | None
    worth: Worth


@dataclass(frozen=True, slots=True)
class LateGoal:
    """A lead that has left the program and has met its goal since."""

    lead_id: int
    program_id: int
    worth: Worth


def count(session: Session, met: Sequence[Met], *, now: datetime) -> None:
    """In the caller's transaction; a run counted before is not counted again."""
    statistics.meet(session, [(one.lead_id, one.program_id) for one in met], now=now)
    goals_met.add(
        session,
        [
            NewGoal(
                enrollment_id=one.run_id,
                program_id=one.program_id,
                chain_id=one.chain_id,
                version_id=one.version_id,
                lead_id=one.lead_id,
                step_key=one.step_key,
                value=one.worth.value,
                currency=one.worth.currency,
                held_out=one.resting == "holdout",
            )
            for one in met
        ],
        now=now,
    )


def count_late(session: Session, late: Sequence[LateGoal], *, now: datetime) -> None:
    """The same for those who have left: the goal is put down to the run they were in last."""
    statistics.meet(session, [(one.lead_id, one.program_id) for one in late], now=now)
    goals_met.add_late(
        session, [(one.lead_id, one.program_id, one.worth.value, one.worth.currency) for one in late], now=now
    )
