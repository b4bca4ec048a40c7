"""What sales has in a simulation: those that wait for it, and how many it takes on a day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.rules import ripening
from nurture.rules.simulation.lead import Handoff, Lead
from nurture.rules.simulation.values import Capacity, OpenHandoff


class Desk:
    """`all` hand-offs there were, those that wait, and the releases of the present day. A day begins at
    midnight where sales works."""

    def __init__(self, capacity: Capacity) -> None:
        self.per_day = capacity.per_day
        self._zone = ZoneInfo(capacity.timezone)
        self._number = 0
        self.all: list[Handoff] = []
        self._waiting: list[Handoff] = []
        self._day: datetime | None = None
        self._taken = 0
        self._taken_before = capacity.taken
        self._looks_at: datetime | None = None

    def take_in(self, lead: Lead, cause: str, score: float, now: datetime) -> Handoff:
        """A new hand-off, which waits."""
        self._number += 1
        made = Handoff(lead, self._number, lead.handoffs, cause, score, now, lead.base.bant)
        self.all.append(made)
        self._waiting.append(made)
        return made

    def take_over(self, lead: Lead, opened: OpenHandoff) -> Handoff:
        """One that was open when the simulation began."""
        made = self.take_in(lead, opened.cause, opened.score, opened.ready_at)
        made.state = opened.state
        if opened.state != "waiting":
            self._waiting.remove(made)
        return made

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def cooled(self) -> list[Handoff]:
        """Those that are taken back, no longer waiting."""
        found = [one for one in self._waiting if ripening.has_cooled(one.cause, armed=one.lead.armed)]
        if found:
            self._waiting = [one for one in self._waiting if one not in found]
        return found

    def release(self, now: datetime) -> list[Handoff]:
        """Those that go to sales now: the ripest there is room for, and direct requests beyond."""
        free = self._free(now)
        line = sorted(
            self._waiting,
            key=lambda one: ripening.turn(one.cause, one.score, one.lead.readiness, one.ready_at, one.number),
        )
        chosen: list[Handoff] = []
        for one in line:
            if free is None or len(chosen) < free or one.cause == ripening.BEYOND_CAPACITY:
                one.state, one.released_at = "released", now
                chosen.append(one)
        if chosen:
            self._waiting = [one for one in self._waiting if one.state == "waiting"]
            self._taken += len(chosen)
        return chosen

    def next_day(self, now: datetime) -> datetime | None:
        """When there is room again for those that still wait; None when that is known, or nobody waits."""
        if not self._waiting:
            return None
        begins = self._begin_of_day(self._begin_of_day(now) + timedelta(hours=36))
        if self._looks_at is not None and self._looks_at >= begins:
            return None
        self._looks_at = begins
        return begins

    def _free(self, now: datetime) -> int | None:
        if self.per_day is None:
            return None
        day = self._begin_of_day(now)
        if day != self._day:
            self._day, self._taken, self._taken_before = day, self._taken_before, 0
        return self.per_day - self._taken

    def _begin_of_day(self, at: datetime) -> datetime:
        local = at.astimezone(self._zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
