"""No lead is above a cap in any span, with several workers at once on chains, newsletters and their ends.

Real threads with connections of their own, let go together at each moment; what the clock says moves only
between moments, so that whoever is above a cap was let above it by two workers at once."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from nurture.flows import edit_newsletters as editing
from nurture.flows.advance import advance
from nurture.flows.newsletters import send_newsletters
from nurture.store.deliveries import Delivery
from tests.flows.caps import COLD, cap
from tests.flows.garden import HEAD, PEPPER, Garden

WORKERS, LEADS = 4, 12
MOST, DAYS = 2, 3


@pytest.fixture
def gardens(sessions, clock, tmp_path):
    """Two programs that write to the same leads every day."""
    made = []
    for name, priority in (("garden", 0), ("events", 5)):
        one = Garden.__new__(Garden) if made else Garden(sessions, clock, tmp_path / name)
        one.sessions, one.clock, one.folder = sessions, clock, tmp_path / name
        steps = "".join(f"      - send: {name}-{n}\n      - wait: 7h\n" for n in range(12))
        one.publish(COLD + steps, HEAD.replace("garden", name) + f"priority: {priority}\n")
        made.append(one)
    return made


def at_once(works: list[Callable[[], int]], pool: ThreadPoolExecutor) -> int:
    """Let all of them go at the same moment; how much was done together."""
    gate = Barrier(len(works))

    def go(work: Callable[[], int]) -> int:
        gate.wait()
        return work()

    return sum(pool.map(go, works))


@pytest.mark.parametrize("seed", range(3))
def test_no_lead_is_above_the_cap_in_any_span_with_many_workers_at_once(gardens, clock, seed):
    garden, dice = gardens[0], random.Random(seed)
    sessions = garden.sessions
    cap(garden, MOST, DAYS)
    leads = [garden.lead(f"lead{n}") for n in range(LEADS)]
    garden.enter(*leads)
    with ThreadPoolExecutor(WORKERS) as pool:
        for _moment in range(18):
            if dice.random() < 0.4:
                _announce(garden, over=dice.choice(["defer", "skip"]), priority=dice.choice([-5, 0, 9]))
            works = [
                lambda: advance(sessions, PEPPER, now=clock.now, limit=5),
                lambda: advance(sessions, PEPPER, now=clock.now, limit=50),
                lambda: send_newsletters(sessions, PEPPER, now=clock.now, limit=7),
                lambda: send_newsletters(sessions, PEPPER, now=clock.now, limit=100),
            ]
            for _turn in range(6):
                dice.shuffle(works)
                if not at_once(works, pool):
                    break
            if dice.random() < 0.8:
                garden.settle(dice.choice(["sent", "sent", "sent", "uncertain", "failed"]))
            clock.advance(hours=dice.choice([1, 7, 13, 26]))
    for lead in leads:
        times = written_to(garden, lead)
        assert len(times) > MOST
        for first, later in zip(times, times[MOST:], strict=False):
            assert later - first >= timedelta(days=DAYS), (lead, times)


def _announce(garden: Garden, **more: object) -> None:
    said = {"name": "News", "subject": "News", "body": "Hello.", **more}
    with garden.sessions.begin() as session:
        number = editing.create(session, said, by="mia", now=garden.clock.now).id
        editing.schedule(session, number, by="mia", now=garden.clock.now)


def written_to(garden: Garden, lead: int) -> list:
    with garden.sessions() as session:
        ended = select(Delivery.settled_at).where(
            Delivery.lead_id == lead, Delivery.state.in_(["sent", "uncertain"])
        )
        return sorted(session.scalars(ended))
