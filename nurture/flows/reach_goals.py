"""Leads reach the goal of their program: the run is counted and ends, with its mails cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows import goals_met
from nurture.flows.goals_met import LateGoal, Met
from nurture.flows.leave import leave_runs
from nurture.flows.model_facts import at_the_door
from nurture.flows.published import Published, published
from nurture.rules.chain import GOAL_MET, worth
from nurture.rules.conditions import holds
from nurture.rules.facts import Facts
from nurture.rules.program import Goal
from nurture.store import statistics
from nurture.store.enrollments import runs
from nurture.store.enrollments.runs import OpenRun


def leave_reached(
    session: Session,
    lead_ids: Sequence[int],
    *,
    now: datetime,
    known: Mapping[int, Facts] | None = None,
    programs: Mapping[int, Published] | None = None,
) -> int:
    """End the runs of these leads whose program's goal holds now: an exit the moment it is met. Whoever has
    left before and meets it in time is counted too. `known` and `programs` as for `enroll.enter_programs`."""
    programs = published(session, ("live", "paused")) if programs is None else programs
    reached = []
    met = []
    found: dict[int, list[OpenRun]] = {}
    for run in runs.open_runs(session, sorted(set(lead_ids))):
        found.setdefault(run.program_id, []).append(run)
    for program_id, standing in found.items():
        one = programs.get(program_id)
        goal = one.program.goal if one is not None else None
        if one is None or goal is None:
            continue
        mine = at_the_door(session, one, [run.lead_id for run in standing], known, now)
        here = [run for run in standing if run.lead_id in mine and holds(goal.when, mine[run.lead_id], now)]
        reached += here
        met += [_met(run, goal, mine[run.lead_id]) for run in here]
    goals_met.count(session, met, now=now)
    leave_runs(session, reached, GOAL_MET, now=now)
    _count_late(session, programs, lead_ids, known, now)
    return len(reached)


def _count_late(
    session: Session,
    programs: Mapping[int, Published],
    lead_ids: Sequence[int],
    known: Mapping[int, Facts] | None,
    now: datetime,
) -> None:
    """Goals of leads who stand in the program no more: who answered and was won by it was won by it."""
    left: dict[int, list[int]] = {}
    for lead_id, program_id in statistics.still_open(session, sorted(set(lead_ids)), now=now):
        if program_id in programs and programs[program_id].program.goal is not None:
            left.setdefault(program_id, []).append(lead_id)
    late = []
    for program_id, ids in left.items():
        one = programs[program_id]
        goal, mine = one.program.goal, at_the_door(session, one, ids, known, now)
        late += [
            LateGoal(lead_id, program_id, worth(goal, mine[lead_id]))
            for lead_id in ids
            if goal is not None and lead_id in mine and holds(goal.when, mine[lead_id], now)
        ]
    goals_met.count_late(session, late, now=now)


def _met(run: OpenRun, goal: Goal, lead: Facts) -> Met:
    return Met(
        run_id=run.id,
        program_id=run.program_id,
        chain_id=run.chain_id,
        version_id=run.version_id,
        lead_id=run.lead_id,
        step_key=run.step_key,
        resting=run.resting_reason,
        worth=worth(goal, lead),
    )
