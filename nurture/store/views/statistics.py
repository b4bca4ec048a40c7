"""What the statistics of a program and its chains are made from: sums of counters, no history."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from nurture.store.programs import ProgramVersion
from nurture.store.statistics import ArmDay, StepDay


@dataclass(frozen=True, slots=True)
class Counted:
    """So much was counted at a step ("" is the chain as a whole) in the period."""

    chain_id: int
    step_key: str
    what: str
    n: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class ArmSum:
    """So many leads came into an arm in the period, of whom so many have met the goal since. `chain_id` 0 is
    the program as a whole."""

    chain_id: int
    step_key: str
    way: str
    leads: int
    met: int


@dataclass(frozen=True, slots=True)
class ChainOf:
    """A chain and the program it belongs to; `live_id` the version that is live (or newest)."""

    id: int
    temperature: str
    program_id: int
    live_id: int | None


_CHAIN = """
    SELECT c.id, c.temperature, p.id AS program_id, coalesce(p.live_version_id, p.draft_version_id) AS live_id
    FROM chain c JOIN program p ON p.id = c.program_id
"""
_ONE, _OF_PROGRAM = text(_CHAIN + "WHERE c.id = :id"), text(_CHAIN + "WHERE p.id = :id ORDER BY c.id")


def chain(session: Session, chain_id: int) -> ChainOf | None:
    found = session.execute(_ONE, {"id": chain_id}).first()
    return ChainOf(**found._mapping) if found is not None else None


def chains(session: Session, program_id: int) -> list[ChainOf]:
    """The chains of a program, in the order they were made."""
    return [ChainOf(**row._mapping) for row in session.execute(_OF_PROGRAM, {"id": program_id})]


def version(session: Session, program_id: int, no: int) -> ProgramVersion | None:
    query = select(ProgramVersion).where(ProgramVersion.program_id == program_id, ProgramVersion.no == no)
    return session.scalars(query).one_or_none()


def counted(
    session: Session, chain_ids: Sequence[int], *, since: dt.date | None, version_id: int | None
) -> list[Counted]:
    """The counters of these chains, from a day on and of one version where asked; one statement."""
    query = select(
        StepDay.chain_id, StepDay.step_key, StepDay.what, func.sum(StepDay.n), func.sum(StepDay.total)
    ).where(StepDay.chain_id.in_(chain_ids))
    if since is not None:
        query = query.where(StepDay.day >= since)
    if version_id is not None:
        query = query.where(StepDay.version_id == version_id)
    rows = session.execute(query.group_by(StepDay.chain_id, StepDay.step_key, StepDay.what))
    return [Counted(chain_id, key, what, int(n), total) for chain_id, key, what, n, total in rows]


def arms(session: Session, program_id: int, *, since: dt.date | None, version_id: int | None) -> list[ArmSum]:
    """The arms of comparisons of a program and its chains; one statement."""
    query = select(
        ArmDay.chain_id, ArmDay.step_key, ArmDay.way, func.sum(ArmDay.leads), func.sum(ArmDay.met)
    ).where(ArmDay.program_id == program_id)
    if since is not None:
        query = query.where(ArmDay.day >= since)
    if version_id is not None:
        query = query.where(ArmDay.version_id == version_id)
    rows = session.execute(query.group_by(ArmDay.chain_id, ArmDay.step_key, ArmDay.way))
    return [ArmSum(chain_id, key, way, int(leads), int(met)) for chain_id, key, way, leads, met in rows]


def by_machines(session: Session, chain_ids: Sequence[int]) -> dict[int, dict[str, dict[str, int]]]:
    """Deliveries that machines have opened and clicked (machine_opened, machine_clicked), by chain and step,
    over all days and versions."""
    rows = session.execute(
        select(StepDay.chain_id, StepDay.step_key, StepDay.what, func.sum(StepDay.n))
        .where(StepDay.chain_id.in_(chain_ids), StepDay.what.in_(("machine_opened", "machine_clicked")))
        .group_by(StepDay.chain_id, StepDay.step_key, StepDay.what)
    )
    found: dict[int, dict[str, dict[str, int]]] = {}
    for chain_id, step_key, what, n in rows:
        found.setdefault(chain_id, {}).setdefault(step_key, {})[what] = int(n)
    return found
