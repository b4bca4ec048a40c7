"""Leads are put into a chain by a person: at its beginning or at one of its steps, at once or over days.

A place is written as program/chain or program/chain/step, by their keys: consulting/cold/welcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows.begin import OUTSIDE, Start, begin
from nurture.flows.published import Published, published
from nurture.rules.entering import held_out
from nurture.rules.words import _
from nurture.store.enrollments import runs

MOST_DAYS = 365
BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `total` leads these are those from `first` on; the last of all starts after `days`."""

    days: int
    first: int
    total: int

    def of(self, number: int, now: datetime) -> datetime:
        """When the lead `number` of this batch starts: evenly, in the order of the leads."""
        return now + timedelta(days=self.days) * ((self.first + number) / max(self.total, 1))


AT_ONCE = Spread(0, 0, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """A chain of a live program, and a step of it; None is its beginning."""

    program: Published
    temperature: str
    step: str | None


def places(session: Session) -> list[tuple[str, str, str, str | None]]:
    """Every place there is: as it is written, the name of the program, the chain, the step."""
    found: list[tuple[str, str, str, str | None]] = []
    for one in sorted(published(session, held=False).values(), key=lambda one: one.program.name):
        for temperature, chain in one.program.chains.items():
            begins = f"{one.program.key}/{temperature}"
            found.append((begins, one.program.name, temperature, None))
            found += [(f"{begins}/{key}", one.program.name, temperature, key) for key in chain.by_key]
    return found


def read_place(session: Session, written: str) -> Place:
    """The place of a text. Raises Invalid for one that no live program has."""
    program, _slash, rest = written.partition("/")
    temperature, _slash, step = rest.partition("/")
    for one in published(session).values():
        chain = one.program.chains.get(temperature) if one.program.key == program else None
        if chain is not None and (not step or step in chain.by_key):
            return Place(one, temperature, step or None)
    sentence = _("No live program has this place; write program/chain or program/chain/step.")
    raise Invalid(sentence, {"start": [sentence]})


def start_leads(
    session: Session,
    lead_ids: Sequence[int],
    place: Place,
    *,
    now: datetime,
    spread: Spread = AT_ONCE,
    reason: str = BY_HAND,
) -> list[int]:
    """Begin a run there for each lead that has none in the program and is not held; who began. In the
    caller's transaction; `reason` says by what. Those whom the program holds out begin their rest. Consent,
    windows and caps hold as always when mails are due."""
    free = set(runs.without_run(session, place.program.id, lead_ids))
    starts = [
        Start(
            lead_id,
            place.program,
            place.temperature,
            "holdout" if held_out(place.program.program, lead_id) else "restart",
            place.step,
            {},
            OUTSIDE,
            reason,
            due_at=spread.of(number, now) if spread.days else None,
        )
        for number, lead_id in enumerate(lead_ids)
        if lead_id in free
    ]
    return sorted(start.lead_id for start in begin(session, starts, now=now))
