"""A simulation is carried out: leads and rules are read once, then nothing is asked of the database until
the result is written."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from multiprocessing import get_context
from typing import Any

import structlog
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Refusal
from nurture.flows.simulate.asking import program_in
from nurture.flows.simulate.history import history
from nurture.flows.simulate.people import people_of
from nurture.flows.simulate.world import capacity_of, world_of
from nurture.rules.simulation.invented import invent
from nurture.rules.simulation.play import Part, parts, play, together
from nurture.rules.simulation.result import result_of
from nurture.rules.simulation.settings import BASE, HISTORY, Settings, read_settings
from nurture.rules.simulation.tally import Counts
from nurture.rules.simulation.values import Capacity, World
from nurture.rules.words import _
from nurture.store import simulated, simulations
from nurture.store.simulations import Simulation

log = structlog.get_logger()

Progress = Callable[[float], None]
# Below this much work (leads times days) a second process costs more than it brings.
_WORTH_PROCESSES = 200_000
_PROCESSES = 4


def carry_out(
    sessions: sessionmaker[Session], pepper: bytes, *, now: datetime, processes: int | None = None
) -> int:
    """Carry out the oldest simulation that waits or was interrupted; 0 when none does. What came of it, good
    or bad, is kept with it."""
    with sessions() as session:
        waiting = simulations.unfinished(session)
    for simulation_id in waiting:
        with sessions.begin() as mine:
            if simulations.take(mine, simulation_id):
                _carry_out_one(sessions, simulation_id, pepper, now, processes)
                return 1
    return 0


def simulate(
    session: Session,
    program_id: int,
    found: Settings,
    sources: Mapping[str, Mapping[str, Any]],
    pepper: bytes,
    *,
    now: datetime,
    progress: Progress = lambda _share: None,
    processes: int | None = None,
) -> dict[str, Any]:
    """The results by side. Raises Refusal where it cannot begin."""
    work, worlds, about = _prepared(session, program_id, found, sources, pepper, now)
    session.rollback()  # nothing is held while it runs
    counted = _played(work, found, progress, processes)
    sides = together(work, counted)
    return {
        side: result_of(worlds[side].program, sides[side], now, found.days) | _named(sources[side]) | about
        for side in sources
    }


def _prepared(
    session: Session,
    program_id: int,
    found: Settings,
    sources: Mapping[str, Mapping[str, Any]],
    pepper: bytes,
    now: datetime,
) -> tuple[list[Part], dict[str, World], dict[str, Any]]:
    habits, mails = found.habits, 0
    if found.rates == HISTORY:
        seen = history(session, program_id, habits, now=now)
        habits, mails = seen.habits, seen.mails
    capacity = replace(capacity_of(session), per_day=found.per_day)
    worlds = {side: world_of(session, program_in(source)) for side, source in sources.items()}
    work: list[Part] = []
    for side, world in worlds.items():
        if found.people == BASE:
            ids = simulated.chosen(session, program_id, segment=found.segment or None, limit=found.leads)
            people = people_of(session, program_id, world, ids, pepper, now=now)
        else:
            people = invent(found, world, now)
        pieces = _PROCESSES if len(people) * found.days > _WORTH_PROCESSES else 1
        work += parts(
            side, world, people, habits, capacity, start=now, days=found.days, runs=found.runs, pieces=pieces
        )
    rates = habits.rates
    about = {
        "rates": {name: getattr(rates, name) for name in rates.__dataclass_fields__},
        "rates_of_mails": mails,
        "capacity": _capacity(capacity),
    }
    return work, worlds, about


def _capacity(capacity: Capacity) -> dict[str, Any]:
    return {"per_day": capacity.per_day, "timezone": capacity.timezone}


def _named(source: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": {"kind": source["kind"], "no": source["no"]}}


def _played(work: Sequence[Part], found: Settings, progress: Progress, processes: int | None) -> list[Counts]:
    """Every part, side by side where that is worth it."""
    cores = processes if processes is not None else min(_PROCESSES, os.cpu_count() or 1)
    size = sum(len(part.people) for part in work) * found.days
    if cores < 2 or len(work) < 2 or size < _WORTH_PROCESSES:
        return [play(part, _share_of(progress, no, len(work))) for no, part in enumerate(work)]
    with _pool(min(cores, len(work))) as pool:
        asked = {pool.submit(play, part): no for no, part in enumerate(work)}
        counted: dict[int, Counts] = {}
        for done in as_completed(asked):
            counted[asked[done]] = done.result()
            progress(len(counted) / len(work))
    return [counted[no] for no in range(len(work))]


def _share_of(progress: Progress, no: int, of: int) -> Progress:
    return lambda share: progress((no + share) / of)


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    """Processes that share nothing with this one: its connections must not be theirs."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool


def _carry_out_one(
    sessions: sessionmaker[Session], simulation_id: int, pepper: bytes, now: datetime, processes: int | None
) -> None:
    began = time.monotonic()
    result, error = None, ""
    with sessions() as session:
        row = session.get_one(Simulation, simulation_id)
        program_id, found, sources = row.program_id, read_settings(row.settings), row.sources
        try:
            note = _noting(sessions, simulation_id)
            result = simulate(
                session, program_id, found, sources, pepper, now=now, progress=note, processes=processes
            )
        except Refusal as fault:
            error = str(fault)
        except Exception as fault:
            log.error("simulation.failed", simulation_id=simulation_id, exc_info=fault)
            error = _("The simulation broke off by a fault of the program; it is written to the log.")
    with sessions.begin() as session:
        seconds = round(time.monotonic() - began, 1)
        simulations.finish(session, simulation_id, result=result, error=error, seconds=seconds, now=now)


def _noting(sessions: sessionmaker[Session], simulation_id: int) -> Progress:
    """Writes progress down, twice a second at most."""
    last = 0.0

    def note(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= 0.5:
            last = time.monotonic()
            with sessions.begin() as session:
                simulations.note_progress(session, simulation_id, share)

    return note
