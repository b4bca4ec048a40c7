"""What is counted of a simulation while it runs, and the ways of some of its leads line by line."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nurture.rules.simulation.lead import Lead
from nurture.rules.simulation.values import REACTIONS, World
from nurture.rules.timing import Window, next_open, window_of, zone_for

# So many leads are followed line by line; more would be a heap that nobody reads.
FOLLOWED = 300
HOLIDAY = "holiday"
_WAYS_END = {"left", "finished", "resting"}
# What says nothing to a person: the chain's own book-keeping.
_UNTOLD = {"waited"}


@dataclass
class Counts:
    """Everything that is counted, so that parts of a simulation can be put together. Days are counted from
    the first one; `held` are seconds by reason, `waited` seconds from ripe to released."""

    mails: Counter[tuple[int, str]] = field(default_factory=Counter)
    of_step: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    mails_of_lead: Counter[int] = field(default_factory=Counter)
    came: dict[int, int] = field(default_factory=dict)
    warm_at: dict[int, int] = field(default_factory=dict)
    hot_at: dict[int, int] = field(default_factory=dict)
    ripe: Counter[int] = field(default_factory=Counter)
    released: Counter[int] = field(default_factory=Counter)
    withdrawn: Counter[int] = field(default_factory=Counter)
    waited: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    held: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    skipped: Counter[str] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    ways: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    leads: int = 0

    def add(self, other: "Counts") -> None:
        """Put another part to it."""
        for name in ("mails", "mails_of_lead", "ripe", "released", "withdrawn", "answers", "skipped", "ends"):
            getattr(self, name).update(getattr(other, name))
        for place, counter in other.of_step.items():
            self.of_step[place].update(counter)
        for reason, spans in other.held.items():
            self.held[reason] += spans
        self.waited += other.waited
        for name in ("came", "warm_at", "hot_at", "ways", "names"):
            getattr(self, name).update(getattr(other, name))
        self.leads += other.leads


class Tally:
    """Hears of a simulation and counts. `follows`: keep the ways of the first leads."""

    def __init__(self, world: World, start: datetime, *, follows: bool) -> None:
        self.counts = Counts()
        self.program = world.program
        self._zone = zone_for(None, world.program.timezone)
        self._first = start.astimezone(self._zone).date()
        self._follows = follows
        self._last: dict[int, tuple[str, str]] = {}
        self._sent_at: dict[tuple[int, str], tuple[str, str]] = {}
        self._handles = {
            "sent": self._sent,
            "deferred": self._deferred,
            "skipped": self._skipped,
            "temperature": self._temperature,
            "ripe": lambda _lead, at, _detail: self._day(self.counts.ripe, at),
            "withdrawn": lambda _lead, at, _detail: self._day(self.counts.withdrawn, at),
            "released": self._released,
            "answered": self._answered,
            "came": self._came,
            **dict.fromkeys(_WAYS_END, self._left),
        }

    def note(self, lead: Lead, at: datetime, what: str, **detail: Any) -> None:
        handle = self._handles.get(what)
        if handle is not None:
            handle(lead, at, {"what": what, **detail})
        elif what in REACTIONS:
            place = self._sent_at.get((lead.no, detail["mail"]))
            if place is not None:
                self.counts.of_step[place][what] += 1
        if self._follows and lead.no < FOLLOWED and what not in _UNTOLD:
            self.counts.ways.setdefault(lead.no, []).append(_line(at, what, detail))

    def steps(self, chain: str, arrivals: Sequence[str], departures: Sequence[str]) -> None:
        for key in arrivals:
            self.counts.of_step[chain, key]["arrived"] += 1
        for key in departures:
            self.counts.of_step[chain, key]["left"] += 1

    def close(self, leads: Sequence[Lead]) -> Counts:
        """It is over: where everybody stands."""
        counts = self.counts
        counts.leads = len(leads)
        for lead in leads:
            counts.ends[self._end_of(lead)] += 1
            if lead.no in counts.ways:
                counts.names[lead.no] = lead.name
        return counts

    def _end_of(self, lead: Lead) -> tuple[str, str]:
        main = lead.main
        if main is not None and main.state == "active":
            return "in_chain", main.temperature
        if main is not None:
            return "resting", main.standing.resting or ""
        what, reason = self._last.get(lead.no, ("never", ""))
        return ("left", reason) if what != "never" else ("never", "")

    def day(self, at: datetime) -> int:
        """Which day of the simulation, by the calendar of the program."""
        return (at.astimezone(self._zone).date() - self._first).days

    def _day(self, counter: Counter[int], at: datetime) -> None:
        counter[self.day(at)] += 1

    def _sent(self, lead: Lead, at: datetime, detail: dict[str, Any]) -> None:
        place = (detail["chain"], detail["step"])
        self.counts.mails[self.day(at), detail["chain"]] += 1
        self.counts.mails_of_lead[lead.no] += 1
        self.counts.of_step[place]["sent"] += 1
        self._sent_at[lead.no, detail["mail"]] = place

    def _deferred(self, lead: Lead, at: datetime, detail: dict[str, Any]) -> None:
        until = datetime.fromisoformat(detail["detail"]["until"])
        reason = detail["reason"]
        self.counts.of_step[detail["chain"], detail["step"]]["held"] += 1
        if reason == "window":
            opens = self._without_holidays(lead, at)
            if opens is not None and opens < until:
                self.counts.held[HOLIDAY].append((until - opens).total_seconds())
                until = opens
                if until <= at:
                    return
        if reason != "with_sales":
            self.counts.held[reason].append((until - at).total_seconds())
        else:
            self.counts.held[reason].append(0.0)

    def _without_holidays(self, lead: Lead, at: datetime) -> datetime | None:
        window: Window | None = window_of(self.program.window, lead.fields.get("country"))
        if window is None or not window.holidays:
            return None
        zone: ZoneInfo = zone_for(lead.base.timezone, self.program.timezone)
        return next_open(replace(window, holidays=()), zone, at)

    def _skipped(self, _lead: Lead, _at: datetime, detail: dict[str, Any]) -> None:
        self.counts.skipped[detail["reason"]] += 1
        if detail.get("step") is not None:
            self.counts.of_step[detail["chain"], detail["step"]]["skipped"] += 1

    def _temperature(self, lead: Lead, at: datetime, detail: dict[str, Any]) -> None:
        if detail["new"] in ("warm", "hot"):
            self.counts.warm_at.setdefault(lead.no, self.day(at))
        if detail["new"] == "hot":
            self.counts.hot_at.setdefault(lead.no, self.day(at))

    def _released(self, _lead: Lead, at: datetime, detail: dict[str, Any]) -> None:
        self._day(self.counts.released, at)
        self.counts.waited.append(max(0.0, (at - detail["ready_at"]).total_seconds()))

    def _answered(self, _lead: Lead, _at: datetime, detail: dict[str, Any]) -> None:
        self.counts.answers[detail["outcome"]] += 1

    def _came(self, lead: Lead, at: datetime, _detail: dict[str, Any]) -> None:
        self.counts.came[lead.no] = self.day(at)

    def _left(self, lead: Lead, _at: datetime, detail: dict[str, Any]) -> None:
        self._last[lead.no] = (detail["what"], detail["reason"])


def _line(at: datetime, what: str, detail: dict[str, Any]) -> dict[str, Any]:
    """A line of a lead's way, as plain values."""
    line: dict[str, Any] = {"at": at.isoformat(), "what": what}
    for name, value in detail.items():
        if name == "detail":
            continue
        if isinstance(value, datetime):
            line[name] = value.isoformat()
        elif value not in (None, ""):
            line[name] = value
    if what == "deferred":
        line["until"] = detail["detail"]["until"]
    return line
