"""A worker killed at every line that recording, settling and rating run through, one after the other: what
another makes of it must be what comes of a worker that nobody kills."""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from nurture.embedded.throwaway import throwaway
from nurture.migrations import upgrade
from nurture.store import partitions
from tests.conftest import TUESDAY
from tests.flows.every_line import Stage

_RECOUNT_EVERY = 100


def run(seed: int, say: Callable[[str], None], share: tuple[int, int] = (1, 1)) -> list[str]:
    """The breaches that were found at the first line where there are any, [] for none at all. The seed
    decides the order of the lines; `share` (2, 5) takes the second fifth of them."""
    with (
        tempfile.TemporaryDirectory(prefix="nurture-lines-") as folder,
        throwaway(Path(folder) / "servers") as servers,
    ):
        engine = create_engine(servers.database_url)
        upgrade(engine)
        with Session(engine) as session, session.begin():
            partitions.ensure(session, now=TUESDAY)
        engine.dispose()
        Redis.from_url(servers.redis_url).flushall()
        return _each(Stage(servers.database_url, servers.redis_url, Path(folder) / "spool"), seed, say, share)


def _each(stage: Stage, seed: int, say: Callable[[str], None], share: tuple[int, int]) -> list[str]:
    stage.arrive()
    stage.work()
    whole = stage.outcome()
    stage.arrive()
    points = stage.passed()
    random.Random(seed).shuffle(points)
    points = points[share[0] - 1 :: share[1]]
    lived = 0
    for number, point in enumerate(points, 1):
        stage.arrive()
        lived += stage.dies_at(point)
        stage.work()
        found = stage.outcome()
        said = [f"I10: killed at {point}, {who}: {_told(found[who], whole[who])}" for who in whole
                if found[who] != whole[who]]  # fmt: skip
        if not said and (number % _RECOUNT_EVERY == 0 or number == len(points)):
            said = [f"I11: {one}" for one in stage.wrong()]
        if said:
            say(f"  killed at {number} lines of {len(points)}")
            return said
    say(f"  killed at {len(points) - lived} lines and passings of {len(points)}, {lived} were not run again")
    return [] if lived < len(points) / 20 else [f"only {len(points) - lived} lines were run again"]


def _told(found: dict[str, object], whole: dict[str, object]) -> str:
    return "; ".join(f"{what} {found[what]}, unkilled {whole[what]}" for what in whole
                     if found[what] != whole[what])  # fmt: skip
