"""Wake-ups: a door says that there is work, a pump that is waiting hears it at once.

A wake-up carries nothing: the work is rows. One lost with Redis costs the few seconds until the next turn.
"""

from redis import Redis, RedisError

KEY = "nurture:wake"
_KEPT = 64  # more than that many unheard wake-ups say nothing new


def wake(redis: Redis, topic: str) -> bool:
    """Wake one waiting pump; False when Redis does not answer, which is no fault of the caller."""
    try:
        pipe = redis.pipeline(transaction=False)
        pipe.lpush(KEY, topic)
        pipe.ltrim(KEY, 0, _KEPT - 1)
        pipe.execute()
    except RedisError:
        return False
    return True


def wait(redis: Redis, seconds: float) -> bool:
    """Wait for a wake-up for at most that long; whether one came. Unheard older ones count as one."""
    heard = redis.blpop([KEY], timeout=seconds)
    if heard:
        redis.delete(KEY)
    return heard is not None
