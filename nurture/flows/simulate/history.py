"""What people did with the mails of a program before: rates and delays for a simulation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nurture.rules.simulation.habits import CLICK_DELAYS, OPEN_DELAYS, Delays, Habits, Rates
from nurture.store import simulated
from nurture.store.simulated import MailRates

# Mails sent within the last days have not been looked at by everybody yet.
_SETTLED = timedelta(days=3)
_LOOK_BACK = timedelta(days=365)
# Fewer mails than this say little: what is stated counts for the rest of them.
ENOUGH = 200


@dataclass(frozen=True, slots=True)
class History:
    """How many mails were looked at, and the habits they show; with few of them nearly the stated ones."""

    mails: int
    habits: Habits


def history(session: Session, program_id: int, stated: Habits, *, now: datetime) -> History:
    """The habits of the leads of this program. A rate is that of its mails, drawn towards what is stated as
    though that were the experience of `ENOUGH` mails; so does the rate of one mail towards that of all."""
    span = {"since": now - _LOOK_BACK, "until": now - _SETTLED}
    found = simulated.rates(session, program_id, **span)
    if not found:
        return History(0, stated)
    rates = _rates(found, stated.rates)
    opened, clicked = simulated.delays(session, program_id, **span)
    delays = Delays(_delays(opened, OPEN_DELAYS), _delays(clicked, CLICK_DELAYS), stated.delays.answered)
    mails = {one.mail: _rates([one], rates) for one in found}
    return History(sum(one.sent for one in found), replace(stated, rates=rates, mails=mails, delays=delays))


def _rates(found: Sequence[MailRates], known: Rates) -> Rates:
    sent = sum(one.sent for one in found)

    def drawn(n: int, rate: float) -> float:
        return (n + rate * ENOUGH) / (sent + ENOUGH)

    return Rates(
        opened=drawn(sum(one.opened for one in found), known.opened),
        clicked=drawn(sum(one.clicked for one in found), known.clicked),
        replied=drawn(sum(one.replied for one in found), known.replied),
        asked=known.asked,
        unsubscribed=drawn(sum(one.unsubscribed for one in found), known.unsubscribed),
    )


def _delays(found: Sequence[float] | None, known: Sequence[float]) -> Sequence[float]:
    return tuple(found) if found else known
