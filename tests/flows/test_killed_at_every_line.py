"""A worker killed at any line of recording, settling and rating loses no hit, doubles none and warms nobody
twice. Here at a seeded choice of lines; `python -m bench.faults --lines` goes through all of them."""

import random
from pathlib import Path

from redis import Redis

from tests.flows.every_line import Stage

CHOSEN = 8


def test_whichever_line_a_worker_is_killed_at_another_makes_the_same_of_it(
    database_url: str, redis_url: str, redis_client: Redis, tmp_path: Path
) -> None:
    stage = Stage(database_url, redis_url, tmp_path / "spool")
    stage.arrive()
    stage.work()
    whole = stage.outcome()
    assert [hit[2] for hit in whole["otto"]["hits"]] == ["machine"] * 3
    assert [kind for kind, _at in whole["anna"]["signals"]] == ["opened", "opened", "clicked"]
    assert whole["dora"]["delivery"][0][0] == "sent"
    assert whole["vera"]["delivery"][0][-1] == 1
    assert whole["left"] == {"stream": 0, "spool": 0}
    assert whole["anna"]["heat"] != []

    stage.arrive()
    points = stage.passed()
    assert stage.outcome() == whole
    assert len(points) > 500
    dice = random.Random(2026)
    for point in [*dice.sample(points, CHOSEN), *(one for one in points if one.lets_go)]:
        stage.arrive()
        lived = stage.dies_at(point)
        stage.work()
        assert stage.outcome() == whole, point
        assert not lived, point
    assert stage.wrong() == []
