"""How fast mails may go: quotas by hour and day, warm-up schedules, slowing down and recovering, the end.

Slowing down is additive increase, multiplicative decrease (Chiu and Jain, 1989): a provider that asks for
less gets half at once, and from then on a little more every minute until it has what it had.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from nurture.rules.transports import Limits

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_MINUTE = timedelta(minutes=1)

# Half at once, then a twentieth of the ceiling more each minute: back within ten minutes.
_DECREASE = 0.5
_INCREASE_PER_MINUTE = 0.05
SLOWEST = 1 / 60
# Complaints within this time after slowing down are about mails that were under way already.
_SETTLING = timedelta(seconds=30)


@dataclass(frozen=True)
class Quota:
    """At most `most` mails of a scope within `span`, any span of that length; or, with `since`, since
    then."""

    scope: str
    most: int
    span: timedelta
    since: datetime | None = None

    def begins(self, now: datetime) -> datetime:
        """From which minute on mails count. One minute more than the span, so that no hour (day) between two
        whole minutes ever holds more than it may."""
        return self.since or now.replace(second=0, microsecond=0) - self.span


@dataclass(frozen=True)
class WarmUp:
    """So many mails on each day since `started_on`; after the last day without a limit."""

    started_on: date
    days: tuple[int, ...]

    def today(self, now: datetime) -> int | None:
        """The limit of the day (UTC); None when the schedule is over. Before its start nothing goes."""
        day = (now.astimezone(UTC).date() - self.started_on).days
        if day < 0:
            return 0
        return self.days[day] if day < len(self.days) else None

    @property
    def over_on(self) -> date:
        return self.started_on + timedelta(days=len(self.days))


@dataclass(frozen=True)
class Pace:
    """The pace of a provider that has asked us to slow down: `rate` mails a second at `slowed_at`, and
    what it
    may rise to."""

    rate: float
    ceiling: float
    slowed_at: datetime
    reply: str = ""


def quotas(scope: str, limits: Limits) -> list[Quota]:
    """The quotas by hour and day."""
    found = []
    if limits.per_hour is not None:
        found.append(Quota(f"{scope}:hour", limits.per_hour, HOUR))
    if limits.per_day is not None:
        found.append(Quota(f"{scope}:day", limits.per_day, DAY))
    return found


def warm_up_quota(scope: str, warm_up: WarmUp, now: datetime) -> Quota | None:
    """What a schedule allows today; None once it is over."""
    most = warm_up.today(now)
    if most is None:
        return None
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Quota(f"{scope}:warm", most, DAY, since=midnight)


def usual_warm_up(target: int) -> tuple[int, ...]:
    """A schedule that doubles every second day from 50 mails a day until it reaches `target`: what providers
    advise for an address that is new to them."""
    days: list[int] = []
    at = 50.0
    while at < target and len(days) < 60:
        days.append(int(at))
        at *= math.sqrt(2)
    return tuple(days)


def rate_now(pace: Pace, now: datetime) -> float | None:
    """Mails a second at this moment; None when it is as fast again as before."""
    minutes = max(0.0, (now - pace.slowed_at) / _MINUTE)
    rate = pace.rate + minutes * _INCREASE_PER_MINUTE * pace.ceiling
    return rate if rate < pace.ceiling else None


def slower(pace: Pace | None, measured: float, reply: str, now: datetime) -> Pace:
    """The pace after a request to slow down. `measured`: mails a second that went there lately."""
    if pace is not None and now - pace.slowed_at < _SETTLING:
        return pace
    present = rate_now(pace, now) if pace is not None else None
    if pace is None or present is None:
        ceiling = max(measured, 2 * SLOWEST)
        return Pace(max(SLOWEST, ceiling * _DECREASE), ceiling, now, reply)
    return Pace(max(SLOWEST, present * _DECREASE), pace.ceiling, now, reply)


def tightest(rates: Sequence[float | None]) -> float | None:
    """The lowest of the rates that are set."""
    known = [rate for rate in rates if rate is not None]
    return min(known, default=None)


def slots(count: int, rate: float, start: datetime, horizon: timedelta) -> list[datetime]:
    """When mails that may not go yet come to their turn: one after the other at `rate` a second from `start`,
    none later than `horizon` after it, from where they are looked at again."""
    step = timedelta(seconds=1 / rate)
    return [start + min((place + 1) * step, horizon) for place in range(count)]


@dataclass(frozen=True)
class Flow:
    """What bounds the mails that wait: `rate` mails a second at most, and what is left of quotas, each with
    the span in which it comes again."""

    rate: float | None
    quotas: Mapping[timedelta, tuple[int, int]]  # span → (left now, most in a span)


def estimated_end(waiting: int, flow: Flow, measured: float | None, now: datetime) -> datetime | None:
    """When the last of the waiting mails goes out; None when nothing is known of the pace. `measured` is what
    went out a second lately."""
    if waiting <= 0:
        return now
    rate = tightest([flow.rate, measured])
    seconds = [waiting / rate] if rate else []
    for span, (left, most) in flow.quotas.items():
        if waiting > left:
            if most <= 0:
                return None
            seconds.append(math.ceil((waiting - left) / most) * span.total_seconds())
    return now + timedelta(seconds=max(seconds)) if seconds else None
