"""The response clock: from hand-over to first contact, and what happens when nobody answers.

A team's rule says how soon a lead is contacted, in the team's working hours. A warning comes before
that time, the escalation at it, a re-routing some time after it; a hand-off that gets no answer for
days is asked about and in the end returned to nurturing. Each of them happens once for a clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.rules.timing import Window
from nurture.rules.working_time import after_working

WARN, OVERDUE, REROUTE, ASK, RETURN = "warned", "overdue", "rerouted", "asked", "returned"

# States in which nobody has spoken with the lead yet: the clock runs.
UNSPOKEN = ("released", "accepted")
# States about which sales is asked when it stays silent. A meeting is asked about after its date, but is
# not taken back: the sales process has begun.
SILENT = ("released", "accepted", "contacted", "meeting")
_TAKEN_BACK = ("released", "accepted", "contacted")

# A hot opportunity is asked about so soon after the last word or the date of its meeting.
HOT_ASK = timedelta(days=1)

# Passed on so often, a lead needs a manager and not one more colleague.
MOST_REROUTES = 3


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """How a team answers. `within`, `warn_before` and `reroute_after` (None: never) are working time,
    `ask_after` and `return_after` (None: never) whole days of silence."""

    within: timedelta
    warn_before: timedelta
    reroute_after: timedelta | None
    ask_after: timedelta | None
    return_after: timedelta | None
    hours: Window | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Watched:
    """A hand-off as the clock sees it. `clock_from` is when the present owner got it, `due_at` when they
    are to have spoken with the lead; `silent_since` the last answer, or the hand-over itself, or the date of
    the meeting; `hot` an opportunity whose own temperature is hot."""

    state: str
    clock_from: datetime
    due_at: datetime
    silent_since: datetime
    warned: bool = False
    overdue: bool = False
    asked: bool = False
    rerouted: int = 0
    reroutable: bool = True
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What has to happen, and when to look again (None: nothing more to watch for)."""

    kind: str | None
    again_at: datetime | None


def due_at(rule: ResponseRule, start: datetime) -> datetime:
    """When somebody who gets a lead at `start` is to have spoken with it."""
    return after_working(start, rule.within, rule.hours, rule.zone)


def next_step(rule: ResponseRule, watched: Watched, now: datetime) -> Step:
    """The next thing that is due at `now`, the weightiest first: a hand-off that was left alone for a week is
    returned, not warned about. Called again until `kind` is None."""
    for kind, at in _moments(rule, watched):
        if at <= now:
            return Step(kind, now)
    moments = [at for _kind, at in _moments(rule, watched)] + _looks(rule, watched, now)
    return Step(None, min(moments, default=None))


def _looks(rule: ResponseRule, watched: Watched, now: datetime) -> list[datetime]:
    """When to see whether an opportunity has turned hot meanwhile: once a day while it is silent."""
    if watched.state != "meeting" or watched.hot or watched.asked or rule.ask_after is None:
        return []
    return [max(watched.silent_since + HOT_ASK, now + HOT_ASK)]


def after(watched: Watched, kind: str) -> Watched:
    """The same hand-off once `kind` has happened to it."""
    if kind == WARN:
        return replace(watched, warned=True)
    if kind == OVERDUE:
        return replace(watched, warned=True, overdue=True)
    if kind == ASK:
        return replace(watched, asked=True)
    return watched


def _moments(rule: ResponseRule, watched: Watched) -> list[tuple[str, datetime]]:
    """What is still to come for this hand-off, the weightiest first, each with its instant."""
    return _of_silence(rule, watched) + _of_clock(rule, watched)


def _of_silence(rule: ResponseRule, watched: Watched) -> list[tuple[str, datetime]]:
    moments = []
    if watched.state in _TAKEN_BACK and rule.return_after is not None:
        moments.append((RETURN, watched.silent_since + rule.return_after))
    if watched.state in SILENT and rule.ask_after is not None and not watched.asked:
        patience = min(rule.ask_after, HOT_ASK) if watched.hot else rule.ask_after
        moments.append((ASK, watched.silent_since + patience))
    return moments


def _of_clock(rule: ResponseRule, watched: Watched) -> list[tuple[str, datetime]]:
    if watched.state not in UNSPOKEN:
        return []
    moments = []
    may_reroute = watched.state == "released" and watched.reroutable and watched.rerouted < MOST_REROUTES
    if not watched.overdue:
        moments.append((OVERDUE, watched.due_at))
    if rule.reroute_after is not None and may_reroute:
        late = after_working(watched.due_at, rule.reroute_after, rule.hours, rule.zone)
        moments.insert(0 if watched.overdue else 1, (REROUTE, late))
    if not watched.warned and rule.warn_before > timedelta():
        moments.append((WARN, _warning(rule, watched)))
    return moments


def _warning(rule: ResponseRule, watched: Watched) -> datetime:
    """Counted from the start, so that it too falls into working hours."""
    ahead = max(rule.within - rule.warn_before, timedelta())
    return min(after_working(watched.clock_from, ahead, rule.hours, rule.zone), watched.due_at)
