"""One walk along a chain at one moment; nothing outside of it changes."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nurture.rules.chain.values import Around, Go, Happening, Intent, Standing
from nurture.rules.facts import Facts
from nurture.rules.program import Chain, Program, Step, WaitUntil, WaitUntilDate
from nurture.rules.timing import zone_for


class Walk:
    """Where a run stands while it is being decided about, and what has come of it so far."""

    def __init__(
        self,
        program: Program,
        chain: Chain,
        standing: Standing,
        facts: Facts,
        around: Around,
        now: datetime,
    ) -> None:
        self.program, self.chain, self.standing = program, chain, standing
        self.facts, self.around, self.now = facts, around, now
        self.zone: ZoneInfo = zone_for(facts.timezone, program.timezone)
        self.intents: list[Intent] = []
        self.history: list[Happening] = []
        self.arrivals: list[str] = []
        self.departures: list[str] = []
        self.at = None if standing.resting or standing.over else standing.step_key

    def arrive(self, key: str | None, at: datetime, *, again: bool = False) -> bool:
        """Come to a step; False behind the last one."""
        if key is None:
            return False
        # A date is looked for from the moment of arrival, even when the wait before ended long ago.
        since = self.now if isinstance(self.chain.by_key.get(key), WaitUntil | WaitUntilDate) else at
        self.standing = replace(
            self.standing,
            step_key=key,
            since=since,
            pass_no=self.standing.pass_no + again,
            settled_state=None,
            settled_at=None,
            waits="",
        )
        self.arrivals.append(key)
        self.at = key
        return True

    def depart(self) -> None:
        if self.at is not None:
            self.departures.append(self.at)
            self.at = None

    def on(self, step: Step, at: datetime) -> Go:
        return Go(self.chain.after[step.key], at)

    def into(self, step: Step, block: tuple[Step, ...], at: datetime) -> Go:
        return Go(self.chain.into(step, block), at)

    def note(self, step: Step, what: str, reason: str = "", **detail: Any) -> None:
        self.history.append(Happening(step.key, what, reason, detail))
