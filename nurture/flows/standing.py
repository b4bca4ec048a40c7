"""How sending stands, for pages and the API: every way out with its health, what is left of its limits, who
asked for less, and when the last of the waiting mails goes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from nurture.rules import pacing as rules
from nurture.rules.pacing import DAY, HOUR, Flow
from nurture.rules.transports import OF_SETTINGS, ON_TRIAL, RESTING, WORKING, Health, Limits
from nurture.store import installation, pacing, transports
from nurture.store.pacing import SenderPause
from nurture.store.transports import Tally, Transport

PAUSED = "paused"


@dataclass(frozen=True)
class WayStands:
    """One way out. `row` None: that of the settings. `state`: working, resting, on_trial or paused. `left` is
    what may still go within the present hour, day and day of warming up, where those are limited."""

    id: int
    key: str
    row: Transport | None
    state: str
    sentence: str
    is_default: bool
    tally: Tally
    limits: Limits
    left_hour: int | None
    left_day: int | None
    warm_up: "WarmUpStands | None"
    chosen_by: int


@dataclass(frozen=True)
class WarmUpStands:
    """A schedule today: `most` may go, `left` of them still; over on that day."""

    kind: str
    name: str
    day: int
    days: int
    most: int | None
    left: int | None
    over_on: date


@dataclass(frozen=True)
class Slowed:
    """A provider that asked for less: mails a second now, and what it may rise to."""

    provider: str
    rate: float
    ceiling: float
    since: datetime
    reply: str


def ways(session: Session, *, now: datetime) -> list[WayStands]:
    """Every way out, the default first, that of the settings last."""
    rows = transports.everything(session)
    health, tallies = transports.health(session), transports.tallies(session, now=now)
    chosen = transports.choosers(session, [row.id for row in rows])
    schedules = {one.name: one for one in warm_ups(session, now=now) if one.kind == "transport"}
    found = []
    for row in [*rows, None]:
        number, key = (row.id, row.key) if row is not None else (OF_SETTINGS, "smtp")
        limits = Limits(row.per_second, row.per_hour, row.per_day) if row is not None else Limits()
        left = {
            one.span: pacing.left(session, one, now=now) for one in rules.quotas(f"transport:{key}", limits)
        }
        stands = health.get(number, Health())
        is_default = row.is_default if row is not None else not any(one.is_default for one in rows)
        found.append(
            WayStands(
                id=number,
                key=key,
                row=row,
                state=PAUSED if row is not None and row.paused_at else stands.phase,
                sentence=stands.sentence,
                is_default=is_default,
                tally=tallies.get(number, Tally()),
                limits=limits,
                left_hour=left.get(HOUR),
                left_day=left.get(DAY),
                warm_up=schedules.get(key),
                chosen_by=chosen.get(number, 0),
            )
        )
    return sorted(found, key=lambda one: not one.is_default)


def warm_ups(session: Session, *, now: datetime) -> list[WarmUpStands]:
    """Every schedule, with what remains of today."""
    found = []
    for (kind, name), schedule in sorted(pacing.warm_ups(session).items()):
        quota = rules.warm_up_quota(f"{kind}:{name}", schedule, now)
        found.append(
            WarmUpStands(
                kind=kind,
                name=name,
                day=(now.date() - schedule.started_on).days + 1,
                days=len(schedule.days),
                most=quota.most if quota else None,
                left=pacing.left(session, quota, now=now) if quota else None,
                over_on=schedule.over_on,
            )
        )
    return found


def slowed(session: Session, *, now: datetime) -> list[Slowed]:
    """Providers that get less than they might, the slowest first."""
    found = []
    for provider, pace in pacing.paces(session).items():
        rate = rules.rate_now(pace, now)
        if rate is not None:
            found.append(Slowed(provider, rate, pace.ceiling, pace.slowed_at, pace.reply))
    return sorted(found, key=lambda one: one.rate)


def paused_senders(session: Session) -> list[SenderPause]:
    return sorted(pacing.sender_pauses(session).values(), key=lambda one: one.domain)


def estimated_end(
    session: Session, waiting: int, *, measured: float | None, now: datetime
) -> datetime | None:
    """When the last of so many waiting mails goes out over the default way, by its limits, the warm-up of the
    sender and what went out a second lately; None when nothing is known, or nothing goes at all."""
    way = next(one for one in ways(session, now=now) if one.is_default)
    domain = installation.get(session).sender_email.rpartition("@")[2].lower()
    if way.state == PAUSED or domain in pacing.sender_pauses(session):
        return None
    quotas = {}
    if way.left_hour is not None and way.limits.per_hour is not None:
        quotas[HOUR] = (way.left_hour, way.limits.per_hour)
    days = [(way.left_day, way.limits.per_day)]
    days += [(one.left, one.most) for one in warm_ups(session, now=now) if one.name in (way.key, domain)]
    bounded = [(left, most) for left, most in days if left is not None and most is not None]
    if bounded:
        quotas[DAY] = min(bounded)
    return rules.estimated_end(waiting, Flow(way.limits.per_second, quotas), measured, now)


MOST_COUNTED = 100_000


@dataclass(frozen=True)
class Ahead:
    """How many mails are due, counted to MOST_COUNTED, and when the last of them goes out; None: unknown."""

    waiting: int
    end: datetime | None


def ahead(session: Session, *, now: datetime) -> Ahead:
    """What still goes out, and until when that takes."""
    waiting = pacing.waiting(session, now=now, most=MOST_COUNTED)
    measured = transports.rate_lately(session, now=now)
    end = estimated_end(session, waiting, measured=measured, now=now) if waiting else None
    return Ahead(waiting, end)


STATES: Sequence[str] = (WORKING, RESTING, ON_TRIAL, PAUSED)
