"""Demo data is made and removed: a long job, alone in the house, its progress in rows."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import structlog

from nurture.demo import house
from nurture.demo.month import Month
from nurture.demo.people import LEADS, invent
from nurture.demo.sink import open_sink
from nurture.errors import Refusal
from nurture.flows import demo as flow
from nurture.flows.warm_companies import warm_companies
from nurture.runtime import Runtime
from nurture.store import demo, partitions
from nurture.store.gate import alone

log = structlog.get_logger()

SEED = 20_260
DAYS = 36


def carry_out(runtime: Runtime, *, days: int = DAYS, leads: int = LEADS) -> str:
    """Make what is wanted, or remove what is not wanted any more; the state afterwards.

    While it lasts no pump takes a turn. A try that died is cleared away before the next one begins.
    """
    with alone(runtime.engine):
        with runtime.sessions() as session:
            state = demo.get(session).state
        if state in ("unwanted", "removing"):
            _remove(runtime)
        elif state in ("wanted", "making"):
            _make(runtime, days, leads)
        with runtime.sessions() as session:
            return demo.get(session).state


def _make(runtime: Runtime, days: int, leads: int) -> None:
    until = runtime.now()
    with runtime.sessions.begin() as session:
        demo.remove(session)
        row = flow.begin(session, total=days, seed=SEED, now=until)
        seed, since = row.seed, demo.newest(session)
    try:
        make(
            runtime,
            seed=seed,
            until=until,
            told=lambda day: _tell(runtime, day),
            days=days,
            leads=leads,
        )
    except Exception as fault:
        sentence = str(fault) if isinstance(fault, Refusal) else type(fault).__name__
        log.error("demo.not_made", exc_info=fault)
        with runtime.sessions.begin() as session:
            demo.mark(session, since)
            flow.fail(session, sentence, now=runtime.now())
        return
    with runtime.sessions.begin() as session:
        demo.mark(session, since)
        flow.finish(session, now=runtime.now())


def make(
    runtime: Runtime,
    *,
    seed: int,
    until: datetime,
    told: Callable[[int], None],
    days: int = DAYS,
    leads: int = LEADS,
) -> None:
    """Live the `days` before `until` with so many `leads`; `told(day)` after each. The same seed and moment
    make the same people, mails and temperatures."""
    chance = Random(seed)
    since = (until - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    people = invent(chance, leads, until - since - timedelta(days=2))
    home = runtime.settings.home / "demo"
    with runtime.sessions.begin() as session:
        partitions.ensure(session, now=since)
        partitions.ensure(session, now=until)
    house.furnish(runtime, since)
    unknown = frozenset(person.email for person in people if person.habit == "bounces")
    with open_sink(unknown) as sink:
        month = Month(runtime, people, sink, chance, home)
        try:
            for day in month.live(since, until):
                told(day)
        finally:
            month.close()
    while warm_companies(runtime.sessions, now=until):
        continue
    house.plan_newsletter(runtime, until)
    shutil.rmtree(home, ignore_errors=True)


def _remove(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        demo.lock(session).state = "removing"
    with runtime.sessions.begin() as session:
        removed = demo.remove(session)
        flow.removed(session, removed, now=runtime.now())


def _tell(runtime: Runtime, day: int) -> None:
    with runtime.sessions.begin() as session:
        demo.get(session).done = day
