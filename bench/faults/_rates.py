"""I12: nobody gets mails faster than was agreed, in any second and any hour, whatever is killed meanwhile.

What counts is the moment of the final dot of a mail at the server. Hours pass on the fast clock, on which a
claimed chunk is minutes on its way: the hour that is looked at is that much shorter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.faults._server import Accepted

SLOW, FEW = "slow.example", "few.example"
PER_SECOND, PER_HOUR = 3, 24
_CHUNK_SECONDS = 6.0


@dataclass(frozen=True)
class Limit:
    """At most `most` to the addresses of a domain in any span of so many real seconds."""

    domain: str
    most: int
    seconds: float
    said: str


def limits(clock_speed: float) -> tuple[Limit, ...]:
    hour = 3600 / clock_speed - _CHUNK_SECONDS
    return (
        Limit(SLOW, PER_SECOND, 1.0, "in a second"),
        Limit(FEW, PER_HOUR, hour, "in an hour"),
    )


def domain_of(number: int) -> str | None:
    """The limited domain at which this lead has its address, if at one of them."""
    return {5: SLOW, 11: FEW}.get(number % 12)


def breaches(taken: Sequence[Accepted], clock_speed: float) -> list[str]:
    """One sentence for each limit that did not hold."""
    said = []
    for limit in limits(clock_speed):
        dots = sorted(one.dot_at for one in taken if one.recipient.endswith(f"@{limit.domain}"))
        spans = (_within(dots, at, limit.seconds) for at in range(len(dots)))
        most = max(spans, key=len, default=[])
        if len(most) > limit.most:
            moments = ", ".join(f"{at - most[0]:.3f}" for at in most)
            said.append(
                f"I12: {len(most)} mails to {limit.domain} {limit.said} (at {moments} s),"
                f" {limit.most} were agreed."
            )
    return said


_BOOKED = """
    SELECT (SELECT coalesce(sum(n), 0) FROM quota_minute WHERE scope = %(scope)s), count(*)
    FROM delivery_attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.address LIKE %(like)s
"""


def booked(rows: Callable[..., list[tuple[Any, ...]]]) -> list[str]:
    """The breach that more was tried than an hourly limit has on its books: something was given back that had
    gone out, or given back twice."""
    [(n, tried)] = rows(_BOOKED, scope=f"domain:{FEW}:hour", like=f"%@{FEW}")
    return [f"I12: {tried} tries at {FEW}, {n} are booked."] if tried > n else []


def _within(dots: Sequence[float], first: int, seconds: float) -> list[float]:
    """Those that came in the span that begins with this one, its end not included."""
    return [at for at in dots[first:] if at < dots[first] + seconds]
