"""The course of a simulation: people under the rules of a world, from one instant to another.

Every decision is made by the rules that the engine itself decides by; only the order of events and what is
written in tables there is done here in memory.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from nurture.rules.simulation.desk import Desk
from nurture.rules.simulation.lead import Lead
from nurture.rules.simulation.log import Log
from nurture.rules.simulation.places import Places
from nurture.rules.simulation.rating import Inbox, Rating
from nurture.rules.simulation.sales import Sales
from nurture.rules.simulation.stepping import Stepping
from nurture.rules.simulation.timeline import OUTSIDE, STEP, Timeline
from nurture.rules.simulation.values import Behaviour, Capacity, Person, World


class Course:
    """`log` hears of everything that happens. `numbers` are those of the people, where they are a part of
    more."""

    def __init__(
        self,
        world: World,
        people: Sequence[Person],
        behaviour: Behaviour,
        capacity: Capacity,
        log: Log,
        *,
        start: datetime,
        end: datetime,
        numbers: Sequence[int] | None = None,
    ) -> None:
        self.timeline = Timeline(start, end)
        self.places = Places(world, self.timeline, log)
        self.inbox = Inbox(self.timeline)
        self.desk = Desk(capacity)
        self.sales = Sales(self.desk, self.places, behaviour, self.inbox.receive, self.timeline, log)
        self.rating = Rating(world, self.places, self.sales, self.timeline, log)
        self.inbox.rating = self.rating
        self.stepping = Stepping(world, self.places, self.sales, self.inbox, behaviour, self.timeline, log)
        self.places.step = self.stepping.step
        named = zip(numbers or range(len(people)), people, strict=True)
        self.leads = [Lead(no, person, world) for no, person in named]
        for lead, person in zip(self.leads, people, strict=True):
            self._seat(lead, person)

    def run(self, progress: Callable[[float], None] = lambda _share: None) -> None:
        """To the end; `progress` hears of the share that is done, about a hundred times."""
        self.timeline.run(progress)

    def _seat(self, lead: Lead, person: Person) -> None:
        """Where a person stands when it begins."""
        start = self.timeline.start
        if person.comes_at is not None:
            self.timeline.push(person.comes_at, OUTSIDE, self.rating.come, lead)
            return
        if person.handoff is not None:
            self.sales.take_over(lead, person.handoff)
        self.rating.watch(lead)
        for run in lead.runs:
            if run.due_at is not None:
                run.due_at = max(run.due_at, start)
                self.timeline.push(run.due_at, STEP, self.stepping.step, lead, run)
        self.timeline.push(start, OUTSIDE, self.places.look, lead)
