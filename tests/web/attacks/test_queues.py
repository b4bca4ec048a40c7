"""Whoever writes to Redis runs no code here: jobs are JSON, never pickles (GHSA-wm9r-8vrh-fgpv)."""

import pickle
from pathlib import Path

from redis import Redis
from rq import SimpleWorker

from nurture.jobs import queues, workers
from nurture.jobs.queues import queue


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path(self.path),)


def test_a_pickle_in_the_queue_is_a_failed_job_and_nothing_else(redis_client: Redis, tmp_path: Path) -> None:
    caught = tmp_path / "caught"
    pickle.loads(pickle.dumps(Trap(str(tmp_path / "proof"))))
    assert (tmp_path / "proof").exists()
    mine = queue(redis_client, "long")
    job = mine.enqueue("nurture.jobs.long.keep_figures", job_timeout=5)
    redis_client.hset(job.key, "data", pickle.dumps(Trap(str(caught))))

    SimpleWorker([mine], connection=redis_client, serializer=mine.serializer).work(burst=True)

    assert not caught.exists()


def test_every_queue_and_worker_speaks_json(redis_client: Redis) -> None:
    assert queue(redis_client, "pump").serializer.__name__ == "JSONSerializer"
    for module in (queues, workers):
        assert "JSONSerializer" in vars(module)
