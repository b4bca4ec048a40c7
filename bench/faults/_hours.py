"""I12, by the calendar: whoever is written to only within hours gets nothing outside them, and a transport
that is warmed up takes no more mails on a day than its schedule says, whatever is killed meanwhile.

A round begins in the last hour of a day, by the clock of the program: leads come before midnight, the next
day's mails and the opening of the window come while it lasts. What counts is the moment of the final dot.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time

from bench.faults._server import Accepted

WITHIN_HOURS, WARMED_UP = "office.example", "young.example"
TAGS = {WITHIN_HOURS: "office", WARMED_UP: "young"}
START = datetime(2026, 3, 3, 22, 50, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)
OPENS, CLOSES = time(0, 5), time(9, 0)
# So many on the day on which a round begins, and as many as there are on the next.
FIRST_DAY, DAYS = 3, (3, 5000)

Clock = Callable[[float], datetime]


def domain_of(number: int) -> str | None:
    """The domain of this lead, if it is one of those that the calendar holds back."""
    return {7: WITHIN_HOURS, 9: WARMED_UP}.get(number % 12)


def breaches(taken: Sequence[Accepted], clock: Clock) -> list[str]:
    """`clock` gives the program's time at a moment of monotonic seconds."""
    outside = [one for one in _to(WITHIN_HOURS, taken) if not OPENS <= clock(one.dot_at).time() < CLOSES]
    early = [one for one in _to(WARMED_UP, taken) if clock(one.dot_at) < MIDNIGHT]
    said = []
    if outside:
        said.append(f"I12: {len(outside)} mails came outside the hours of their program.")
    if len(early) > FIRST_DAY:
        said.append(f"I12: {len(early)} mails on the first day of a warm-up, {FIRST_DAY} were agreed.")
    return said


def _to(domain: str, taken: Sequence[Accepted]) -> list[Accepted]:
    return [one for one in taken if one.recipient.endswith(f"@{domain}")]
