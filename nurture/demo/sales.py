"""How the invented salespeople answer: most in a day or two, some never."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from nurture.demo import words
from nurture.demo.house import BY
from nurture.flows.answer import Outcome, answer
from nurture.flows.leads import DEMO, save_lead
from nurture.flows.touch import Touch, add_touch
from nurture.runtime import Runtime
from nurture.store import demo
from nurture.store.demo import OpenHandoff

_BANT = ("budget", "authority", "need", "timing")
# After each state: what comes next, how often of a hundred, after how many hours at least and at most.
_NEXT: dict[str, tuple[tuple[str | None, int, int, int], ...]] = {
    "released": (("accepted", 64, 1, 20), ("rejected", 12, 3, 40), (None, 24, 0, 0)),
    "accepted": (("contacted", 45, 2, 30), ("meeting", 40, 3, 60), (None, 15, 0, 0)),
    "contacted": (("meeting", 60, 10, 90), ("later", 15, 10, 80), (None, 25, 0, 0)),
    "meeting": (("won", 35, 120, 260), ("lost", 20, 120, 240), (None, 45, 0, 0)),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What sales is going to say of a hand-off, and when."""

    at: datetime
    handoff: OpenHandoff
    outcome: str


class Desk:
    """Looks at what is open and answers in its time."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._seen: set[tuple[int, str]] = set()
        self._planned: list[Answer] = []

    def work(self, runtime: Runtime, now: datetime) -> None:
        """Plan answers to what is new, give those whose time has come."""
        with runtime.sessions() as session:
            open_ones = demo.open_handoffs(session)
        for one in open_ones:
            if (one.id, one.state) not in self._seen:
                self._seen.add((one.id, one.state))
                self._plan(one, now)
        states = {one.id: one.state for one in open_ones}
        due = [one for one in self._planned if one.at <= now]
        self._planned = [one for one in self._planned if one.at > now]
        for planned in sorted(due, key=lambda one: (one.at, one.handoff.id)):
            if states.get(planned.handoff.id) == planned.handoff.state:
                self._answer(runtime, planned, now)

    def _plan(self, handoff: OpenHandoff, now: datetime) -> None:
        table = _NEXT[handoff.state]
        outcome, _often, least, most = self._chance.choices(table, [row[1] for row in table])[0]
        hours = self._chance.uniform(least, most)
        if outcome is not None:
            self._planned.append(Answer(now + timedelta(hours=hours), handoff, outcome))

    def _answer(self, runtime: Runtime, one: Answer, now: datetime) -> None:
        chance, lead_id = self._chance, one.handoff.lead_id
        said = Outcome(one.outcome)
        if one.outcome in ("meeting", "later"):
            days = chance.randrange(2, 9) if one.outcome == "meeting" else chance.randrange(60, 120)
            said = Outcome(one.outcome, at=(now + timedelta(days=days)).replace(minute=0, second=0))
        elif one.outcome == "won":
            said = Outcome("won", amount=Decimal(chance.choice(words.WON_AMOUNTS)), currency="EUR")
        elif one.outcome in ("rejected", "lost"):
            said = Outcome(
                one.outcome, reason=chance.choice(words.REJECTED if one.outcome == "rejected" else words.LOST)
            )
        with runtime.sessions.begin() as session:
            answer(session, one.handoff.id, said, by=BY, now=now)
            if one.outcome in ("contacted", "meeting"):
                note = chance.choice(words.OUR_CALLS)
                add_touch(session, lead_id, Touch("call", "out", note), by=BY, now=now)
                bant = {
                    part: chance.choice(("partly", "yes", "yes", "no")) for part in chance.sample(_BANT, 3)
                }
                save_lead(
                    session,
                    {"id": lead_id, "bant": bant},
                    now=now,
                    by=BY,
                    pepper=runtime.pepper,
                    base_url=runtime.settings.base_url,
                    source_kind=DEMO,
                )
