"""The rules that hold in this installation, as a simulation takes them."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from nurture.errors import Conflict
from nurture.flows.asked_segments import asked_in_order
from nurture.rules.conditions import Condition
from nurture.rules.model import HeatModel
from nurture.rules.program import Branch, Program, walk
from nurture.rules.segments import named
from nurture.rules.simulation.values import Capacity, World
from nurture.rules.words import _
from nurture.store import models, releases, restraint
from nurture.store.models import DEFAULT


def world_of(session: Session, program: Program) -> World:
    """The world of a program: live models, the segments, the cap and the hours over everything.
    Raises Conflict where no model rates."""
    live = {one.model.key: one.model for one in models.live(session)}
    if DEFAULT not in live:
        raise Conflict(_("No heat model is published: nobody would ever warm."))
    own = live.get(program.model) if program.model != DEFAULT else None
    every = {one.key: one.condition for one in asked_in_order(session)}
    wanted = _asked(program, [live[DEFAULT], *([own] if own else [])], every)
    mine = {key: condition for key, condition in every.items() if key in wanted}
    return World(program, live[DEFAULT], own, mine, restraint.cap(session), restraint.hours(session))


def _asked(program: Program, models: Sequence[HeatModel], every: Mapping[str, Condition]) -> set[str]:
    """The segments that program and models ask for, and those that these lean on."""
    steps = [step for chain in program.chains.values() for step in walk(chain.steps)]
    asking = [arm.when for step in steps if isinstance(step, Branch) for arm in step.arms]
    asking += [chain.enter.when for chain in program.chains.values() if chain.enter is not None]
    asking.append(program.goal.when if program.goal is not None else None)
    asking += [condition for model in models for condition in model.conditions]
    found: set[str] = set()
    wanted = {name for condition in asking if condition is not None for name in named(condition)}
    while wanted - found:
        found |= wanted
        wanted = {name for key in found if key in every for name in named(every[key])}
    return found


def capacity_of(session: Session) -> Capacity:
    """What sales takes a day, as it is set."""
    found = releases.capacity(session)
    return Capacity(found.per_day, found.timezone)
