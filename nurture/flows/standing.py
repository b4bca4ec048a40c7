"""How sending stands, for pages and the API: every way out with its health, what is left of its limits, and
who asked for less."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from nurture.rules import pacing as rules
from nurture.rules.pacing import DAY, HOUR
from nurture.rules.transports import OF_SETTINGS, ON_TRIAL, RESTING, WORKING, Health, Limits
from nurture.store import pacing, transports
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
    quotas = {row.key: rules.quotas(f"transport:{row.key}", _limits(row)) for row in rows}
    rest = pacing.left_of(session, [one for many in quotas.values() for one in many], now=now)
    found = []
    for row in [*rows, None]:
        number, key = (row.id, row.key) if row is not None else (OF_SETTINGS, "smtp")
        limits = _limits(row) if row is not None else Limits()
        left = {one.span: rest[one.scope] for one in quotas.get(key, ())}
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


def _limits(row: Transport) -> Limits:
    return Limits(row.per_second, row.per_hour, row.per_day)


def warm_ups(session: Session, *, now: datetime) -> list[WarmUpStands]:
    """Every schedule, with what remains of today."""
    schedules = sorted(pacing.warm_ups(session).items())
    quotas = {
        f"{kind}:{name}": rules.warm_up_quota(f"{kind}:{name}", schedule, now)
        for (kind, name), schedule in schedules
    }
    rest = pacing.left_of(session, [one for one in quotas.values() if one is not None], now=now)
    found = []
    for (kind, name), schedule in schedules:
        quota = quotas[f"{kind}:{name}"]
        found.append(
            WarmUpStands(
                kind=kind,
                name=name,
                day=(now.date() - schedule.started_on).days + 1,
                days=len(schedule.days),
                most=quota.most if quota else None,
                left=rest[quota.scope] if quota else None,
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


STATES: Sequence[str] = (WORKING, RESTING, ON_TRIAL, PAUSED)
