"""One walk along a chain at one moment; nothing outside of it changes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nurture.rules.chain.values import WAY, Around, Go, Happening, Intent, Left, Standing
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
        self.left: list[Left] = []
        self.way: str | None = None
        self.at = None if standing.resting else standing.step_key

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

    def depart(self, how: str, at: datetime | None = None) -> None:
        """Leave the step, if the run stands at one; what comes next counts from `at` (now, if not said)."""
        if self.at is not None:
            stayed = max((at or self.now) - self.standing.since, timedelta())
            self.left.append(Left(self.at, how, stayed))
            self.at = None

    def took_way(self) -> str | None:
        """The way that the step just decided about has chosen, told once."""
        way, self.way = self.way, None
        return f"{WAY}:{way}" if way is not None else None

    def on(self, step: Step, at: datetime) -> Go:
        return Go(self.chain.after[step.key], at)

    def into(self, step: Step, block: tuple[Step, ...], at: datetime) -> Go:
        return Go(self.chain.into(step, block), at)

    def note(self, step: Step, what: str, reason: str = "", **detail: Any) -> None:
        self.history.append(Happening(step.key, what, reason, detail))
        if what == "branched":
            self.way = reason
