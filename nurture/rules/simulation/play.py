"""A simulation carried out: repeated with other chances, in parts that can be worked on side by side."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nurture.rules.simulation.course import Course
from nurture.rules.simulation.habits import Habits
from nurture.rules.simulation.tally import Counts, Tally
from nurture.rules.simulation.values import Capacity, Person, World


@dataclass(frozen=True)
class Part:
    """A part of a simulation: some of the people in one of its runs, of one side."""

    side: str
    run: int
    world: World
    people: Sequence[Person]
    numbers: Sequence[int]
    habits: Habits
    capacity: Capacity
    start: datetime
    days: int


def parts(
    side: str,
    world: World,
    people: Sequence[Person],
    habits: Habits,
    capacity: Capacity,
    *,
    start: datetime,
    days: int,
    runs: int,
    pieces: int = 1,
) -> Iterator[Part]:
    """The parts of one side. People do not concern each other unless sales has few places: then each run is
    one part."""
    many = pieces if capacity.per_day is None else 1
    for run in range(runs):
        mine = replace(habits, seed=habits.seed + run)
        for piece in range(many):
            numbers = range(piece, len(people), many)
            chosen = [people[no] for no in numbers]
            yield Part(side, run, world, chosen, list(numbers), mine, capacity, start, days)


def play(part: Part, progress: Callable[[float], None] = lambda _share: None) -> Counts:
    """One part, from its first instant to its last."""
    tally = Tally(part.world, part.start, follows=part.run == 0)
    end = part.start + timedelta(days=part.days)
    course = Course(
        part.world,
        part.people,
        part.habits,
        part.capacity,
        tally,
        start=part.start,
        end=end,
        numbers=part.numbers,
    )
    course.run(progress)
    return tally.close(course.leads)


def together(parts: Sequence[Part], found: Sequence[Counts]) -> dict[str, list[Counts]]:
    """What was counted, by side and run."""
    sums: dict[str, dict[int, Counts]] = {}
    for part, counts in zip(parts, found, strict=True):
        sums.setdefault(part.side, {}).setdefault(part.run, Counts()).add(counts)
    return {side: [runs[no] for no in sorted(runs)] for side, runs in sums.items()}
