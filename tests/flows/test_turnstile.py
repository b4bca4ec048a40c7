"""A mail that comes late to its dot asks for its turn again, by real Redis."""

import time

from redis import Redis

from nurture.buffers.limiter import Limiter
from nurture.flows.turnstile import Turnstile

RATES = [("transport:first", 20.0)]


def let_out(turnstile: Turnstile) -> float:
    while wait := turnstile.wait(RATES):
        time.sleep(wait)
    return time.monotonic()


def test_a_mail_that_waited_for_a_new_connection_has_lost_its_turn(redis_client: Redis) -> None:
    turnstile = Turnstile(Limiter(redis_client))
    assert turnstile.still_good(RATES, let_out(turnstile))
    assert not turnstile.still_good(RATES, let_out(turnstile) - 0.3)


def test_a_server_that_is_always_far_away_loses_nobody_their_turn(redis_client: Redis) -> None:
    turnstile = Turnstile(Limiter(redis_client))
    now = time.monotonic()
    good = [turnstile.still_good(RATES, now - 0.3) for _mail in range(30)]
    assert not good[0]
    assert all(good[20:])
    assert not turnstile.still_good(RATES, now - 0.6)
