"""What a newsletter does about one reader at a moment: send, leave out, or wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nurture.rules.conditions import Condition, holds
from nurture.rules.consent import may_mail
from nurture.rules.facts import Facts
from nurture.rules.timing import (
    Frequency,
    Window,
    closes_at,
    free_at,
    instant_of,
    next_open,
    window_of,
    zone_for,
)

# A reader who can be written to only this long after the start gets the next newsletter instead.
LAPSES = timedelta(days=7)
# The earliest and the latest clocks on earth (Kiribati, Baker Island).
_EARLIEST, _LATEST = timedelta(hours=14), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a newsletter goes out. `audience` None addresses everybody who agreed to `purpose`; `local_at`
    is a local date and time without a zone; `timezone` that of readers whose own is unknown; `over` what
    a cap does, defer or skip; `while_with_sales` whether those are left out whom sales is talking to
    (pause), or not (go_on)."""

    purpose: str
    starts_at: datetime
    audience: Condition | None = None
    window: Window | None = None
    local_at: datetime | None = None
    timezone: str = "UTC"
    over: str = "skip"
    while_with_sales: str = "pause"


@dataclass(frozen=True, slots=True)
class Reader:
    """One lead with what a mail to it must respect; `sends` are its mails sent or about to be, those that
    go before this one under a cap among them; `with_sales` tells that sales is talking to the lead."""

    facts: Facts
    sends: Sequence[datetime] = ()
    suppressed: bool = False
    paused_until: datetime | None = None
    with_sales: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Now, and before `until` (None: at any time)."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeaveOut:
    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class NotAddressed:
    """The lead does not belong to the audience."""


Verdict = Send | LeaveOut | Later | NotAddressed


def decide(plan: Plan, reader: Reader, cap: Frequency | None, now: datetime) -> Verdict:
    """The verdict about one lead at this moment."""
    facts = reader.facts
    if plan.purpose not in facts.consents:
        return NotAddressed()
    if plan.audience is not None and not holds(plan.audience, facts, now):
        return NotAddressed()
    allowed = may_mail(facts, plan.purpose, suppressed=reader.suppressed)
    if not allowed.allowed:
        return LeaveOut(allowed.reason)
    if reader.paused_until is not None and reader.paused_until > now:
        return LeaveOut("own_pause")
    if reader.with_sales and plan.while_with_sales == "pause":
        return LeaveOut("with_sales")
    return _when(plan, reader, cap, now)


def _when(plan: Plan, reader: Reader, cap: Frequency | None, now: datetime) -> Verdict:
    zone = zone_for(reader.facts.timezone, plan.timezone)
    turn = local_turn(plan, reader.facts.timezone)
    if turn is not None and turn > now:
        return Later(turn, "local_time")
    free = free_at(cap, reader.sends, now)
    if free > now and plan.over == "skip":
        return LeaveOut("frequency")
    opened = next_open(window_of(plan.window, reader.facts.fields.get("country")), zone, free)
    if opened is None:
        return LeaveOut("window")
    if opened == now:
        return Send(closes_at(plan.window, zone, now))
    if opened > plan.starts_at + LAPSES:
        return LeaveOut("frequency" if free > now else "window")
    return Later(opened, "frequency" if free > now else "window")


def local_turn(plan: Plan, timezone: str | None) -> datetime | None:
    """When the local time comes for a reader of this zone; a day later where it had passed at the start.
    None when the newsletter keeps no local time."""
    if plan.local_at is None:
        return None
    zone = zone_for(timezone, plan.timezone)
    minute = plan.local_at.hour * 60 + plan.local_at.minute
    turn = instant_of(plan.local_at.date(), minute, zone)
    if turn < plan.starts_at:
        turn = instant_of(plan.local_at.date() + timedelta(days=1), minute, zone)
    return turn


def first_on_earth(local_at: datetime) -> datetime:
    """The first instant at which it is this local time anywhere."""
    return local_at.replace(tzinfo=UTC) - _EARLIEST


def last_on_earth(local_at: datetime) -> datetime:
    """The last instant at which it is this local time anywhere."""
    return local_at.replace(tzinfo=UTC) + _LATEST
