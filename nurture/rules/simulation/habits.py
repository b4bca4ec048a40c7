"""What people and sales do in a simulation, drawn from rates: the same seed gives the same deeds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from nurture.rules.simulation import chance
from nurture.rules.simulation.values import ASKED, CLICKED, OPENED, REPLIED, UNSUBSCRIBED, Answer, Reaction

_HOUR = 3600.0
# Quantiles at 0, 10, … 100 %, in seconds: half of what is opened is opened within four hours, half of the
# clicks follow within ninety seconds; who answers takes longer. A program with a history has its own.
OPEN_DELAYS = tuple(_HOUR * hours for hours in (0.01, 0.1, 0.4, 1, 2, 4, 7, 14, 24, 48, 168))
CLICK_DELAYS = tuple(float(seconds) for seconds in (5, 15, 30, 45, 60, 90, 150, 300, 900, 3600, 86400))
ANSWER_DELAYS = tuple(_HOUR * hours for hours in (0.05, 0.3, 0.7, 1.5, 3, 5, 9, 20, 30, 60, 240))

_OF_PERSON, _OF_SALES = 1, 2
_MOST = 0.95


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of the mails sent after which it happens, from 0 to 1; who clicks has opened. `asked` is a
    direct request to be contacted."""

    opened: float = 0.35
    clicked: float = 0.06
    replied: float = 0.01
    asked: float = 0.002
    unsubscribed: float = 0.003


@dataclass(frozen=True, slots=True)
class Delays:
    """Quantiles, in seconds: from sending to opening, from opening to clicking, from opening to answering."""

    opened: Sequence[float] = OPEN_DELAYS
    clicked: Sequence[float] = CLICK_DELAYS
    answered: Sequence[float] = ANSWER_DELAYS


@dataclass(frozen=True, slots=True)
class SalesHabits:
    """Shares from 0 to 1: of the leads handed over sales `accepts` so many, `after` so long, the others are
    sent back; with so many of the accepted it comes to a meeting (`meets`), so much later."""

    accepts: float = 0.7
    after: timedelta = timedelta(hours=4)
    meets: float = 0.5
    meets_after: timedelta = timedelta(days=5)


@dataclass(frozen=True)
class Habits:
    """Answers what people do. `mails` holds rates of their own for single mails; `uneven` says how much
    people differ: the standard deviation of the logarithm of what one does more or less than the average
    (0: not at all)."""

    seed: int
    rates: Rates = Rates()
    mails: Mapping[str, Rates] = field(default_factory=dict)
    delays: Delays = Delays()
    sales: SalesHabits = SalesHabits()
    uneven: float = 1.0

    def reactions(self, lead: int, mail: str, time: int) -> Sequence[Reaction]:
        rates = self.mails.get(mail, self.rates)
        place = (_OF_PERSON, lead, chance.place_of(mail), time)
        draw = [chance.draw(self.seed, *place, no) for no in range(8)]
        keen = self.keenness(lead)
        clicked = draw[0] < min(_MOST, rates.clicked * keen)
        replied = draw[1] < min(_MOST, rates.replied * keen)
        asked = draw[2] < min(_MOST, rates.asked * keen)
        leaves = draw[3] < rates.unsubscribed
        # Who clicks has opened: the others open so often that all together come to the rate.
        left = max(0.0, min(_MOST, rates.opened * keen) - min(_MOST, rates.clicked * keen))
        share = left / (1 - min(_MOST, rates.clicked * keen))
        if not (clicked or replied or asked or leaves) and draw[4] >= share:
            return ()
        opened = chance.along(self.delays.opened, draw[5])
        found = [Reaction(OPENED, timedelta(seconds=round(opened)))]
        if clicked:
            found.append(_later(CLICKED, opened, chance.along(self.delays.clicked, draw[6])))
        answer = opened + chance.along(self.delays.answered, draw[7])
        if asked:
            found.append(_later(ASKED, answer, 1))
        elif replied:
            found.append(_later(REPLIED, answer, 1))
        if leaves:
            found.append(_later(UNSUBSCRIBED, answer, 2))
        return found

    def answers(self, lead: int, time: int) -> Sequence[Answer]:
        accepts, meets = (chance.draw(self.seed, _OF_SALES, lead, time, no) for no in range(2))
        if accepts >= self.sales.accepts:
            return (Answer("rejected", self.sales.after),)
        accepted = Answer("accepted", self.sales.after)
        if meets >= self.sales.meets:
            return (accepted,)
        return (accepted, Answer("meeting", self.sales.after + self.sales.meets_after))

    def keenness(self, lead: int) -> float:
        """How much more than the average a lead does; 1 on average over all."""
        if not self.uneven:
            return 1.0
        value = chance.normal(chance.draw(self.seed, _OF_PERSON, lead))
        return math.exp(self.uneven * value - self.uneven**2 / 2)


def _later(kind: str, first: float, more: float) -> Reaction:
    return Reaction(kind, timedelta(seconds=round(first) + max(1, round(more))))
