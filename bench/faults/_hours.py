"""I12, by the calendar: whoever is written to only within hours gets nothing before they begin, and a
transport that is warmed up takes no more mails on a day than its schedule says, whatever is killed meanwhile.

Hours begin when the leads have come and wait for them; the schedule ends when a round has calmed down, so
that what it held back goes out. What counts is the moment of the final dot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.faults._server import Accepted

WITHIN_HOURS, WARMED_UP = "office.example", "young.example"
TAGS = {WITHIN_HOURS: "office", WARMED_UP: "young"}
START = datetime(2026, 3, 3, 10, tzinfo=UTC)
AHEAD = timedelta(minutes=60)  # by the clock of the program, once it is set up
FIRST_DAY = 3

Clock = Callable[[float], datetime]


@dataclass(frozen=True)
class Calendar:
    """`clock` gives the program's time at a moment of monotonic seconds, `opens` when the hours begin by it,
    `ended` the moment (monotonic seconds) at which the schedule was about to end."""

    clock: Clock
    opens: datetime
    ended: float


def domain_of(number: int) -> str | None:
    """The domain of this lead, if it is one of those that the calendar holds back."""
    return {7: WITHIN_HOURS, 9: WARMED_UP}.get(number % 12)


def breaches(taken: Sequence[Accepted], calendar: Calendar) -> list[str]:
    """One sentence for each of the two that did not hold."""
    early = [one for one in _to(WITHIN_HOURS, taken) if calendar.clock(one.dot_at) < calendar.opens]
    warm = [one for one in _to(WARMED_UP, taken) if one.dot_at < calendar.ended]
    said = []
    if early:
        said.append(f"I12: {len(early)} mails came before the hours of their program.")
    if len(warm) > FIRST_DAY:
        said.append(f"I12: {len(warm)} mails on the first day of a warm-up, {FIRST_DAY} were agreed.")
    return said


def _to(domain: str, taken: Sequence[Accepted]) -> list[Accepted]:
    return [one for one in taken if one.recipient.endswith(f"@{domain}")]
