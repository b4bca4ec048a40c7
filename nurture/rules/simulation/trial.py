"""The path of one lead through a program by stated answers: which mails it gets, one after the other.

Waits, hours and caps hold nobody up here; what is chosen is chosen by the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from nurture.rules.chain import Standing
from nurture.rules.simulation.course import Course
from nurture.rules.simulation.lead import Lead
from nurture.rules.simulation.values import (
    CLICKED,
    OPENED,
    Answer,
    Capacity,
    Person,
    Reaction,
    Stand,
    Trace,
    World,
)

MOST_MAILS = 40
_DAYS = 730


@dataclass(frozen=True, slots=True)
class Says:
    """What the lead does with every mail."""

    opens: bool
    clicks: bool

    def reactions(self, lead: int, mail: str, time: int) -> Sequence[Reaction]:
        opened = [Reaction(OPENED, timedelta(hours=1))] if self.opens or self.clicks else []
        return [*opened, Reaction(CLICKED, timedelta(hours=1, minutes=2))] if self.clicks else opened

    def answers(self, lead: int, time: int) -> Sequence[Answer]:
        return ()


@dataclass(frozen=True, slots=True)
class TriedMail:
    """A mail of the path: where it is sent, and on which day of the path, the first being 1."""

    chain: str
    step: str
    mail: str
    day: int


class _Path:
    """Hears of the mails."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.mails: list[TriedMail] = []

    def note(self, lead: Lead, at: datetime, what: str, **detail: Any) -> None:
        if what == "sent" and len(self.mails) < MOST_MAILS:
            day = (at - self.start).days + 1
            self.mails.append(TriedMail(detail["chain"], detail["step"], detail["mail"], day))

    def steps(self, chain: str, arrivals: Sequence[str], departures: Sequence[str]) -> None:
        return None


def path(world: World, person: Person, chain: str, says: Says, start: datetime) -> list[TriedMail]:
    """The mails that this person gets, begun at the first step of a chain whatever its entry asks for; at
    most MOST_MAILS."""
    program = replace(world.program, window=None, frequency=None, holdout=0.0, after_end="exit")
    begun = replace(
        person,
        facts=replace(person.facts, consents=person.facts.consents | {program.purpose}),
        runs=(Stand(chain, Standing(None, start, start), "active", start),),
        traces={chain: Trace(start)},
        comes_at=None,
        suppressed=False,
        paused_until=None,
        sends=(),
        last_sent={},
        handoff=None,
    )
    heard = _Path(start)
    course = Course(
        replace(world, program=program, cap=None),
        [begun],
        says,
        Capacity(),
        heard,
        start=start,
        end=start + timedelta(days=_DAYS),
    )
    course.run()
    return heard.mails
