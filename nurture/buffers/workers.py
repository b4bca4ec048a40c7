"""Who works on the queues, as RQ's workers note it in Redis: a set of names for each queue, and a key for
each worker that lives as long as its heartbeat."""

from typing import cast

from redis import Redis

QUEUES = ("pump", "long")


def alive(redis: Redis) -> dict[str, int]:
    """How many worker processes each queue has now, on all hosts; raises RedisError when Redis is away."""
    found = {}
    for queue in QUEUES:
        names = cast("set[bytes]", redis.smembers(f"rq:workers:{queue}"))
        found[queue] = redis.exists(*names) if names else 0
    return found
