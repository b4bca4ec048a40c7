"""The calendar: what goes out today and in the days to come, to how many, before it goes.

Scheduled is what stands already (mails made ready, newsletters with a date). The rest is a forecast: the
next mail of each lead in a chain, as if nobody did anything meanwhile; where many leads stand in chains it
was worked out a little while ago (`keep_forecast`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from nurture.flows.published import Published, published
from nurture.rules.forecast import NextMail, next_mail
from nurture.rules.holidays_of import OWN
from nurture.rules.program import Send
from nurture.rules.timing import instant_of, zone_for
from nurture.store import forecasts, restraint
from nurture.store.forecasts import Line
from nurture.store.views import calendar as view
from nurture.store.views.calendar import Caps, Group, Who

# What mails are called, by (program, key).
Names = Mapping[tuple[int, str], str]

MOST_DAYS = 31
_MOST_WHO = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a day. `kind`: scheduled, or forecast. Of a step of a chain, of a newsletter, or of a
    purpose alone. `at` is when the first of its `n` mails goes; `certain` unless something the leads do
    can change which mail it is; `local` for hours in each reader's own zone."""

    day: date
    kind: str
    purpose: str
    at: datetime
    n: int
    program_id: int | None = None
    program: str = ""
    chain_id: int | None = None
    chain: str = ""
    step_key: str | None = None
    mail: str = ""
    newsletter_id: int | None = None
    newsletter: str = ""
    certain: bool = True
    local: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """The lines in their order; `counted_at` is when the forecast was worked out, None for just now."""

    entries: list[Entry]
    counted_at: datetime | None


def calendar(session: Session, zone: ZoneInfo, *, days: int, now: datetime) -> Calendar:
    """What goes out from `now` on, today and `days` days more, by day of `zone`."""
    until = _end(zone, now, days)
    programs = published(session, held=False)
    names = view.mail_names(session, list(programs))
    kept = forecasts.kept(session, zone.key) if forecasts.is_large(session) else None
    lines = kept.lines if kept else forecast(session, programs, zone, until=until, now=now)
    today, last = now.astimezone(zone).date(), until.astimezone(zone).date()
    expected = [
        _expected(programs[line.program_id], names, line, now)
        for line in lines
        if line.program_id in programs and today <= line.day < last
    ]
    entries = _together([*_scheduled(session, programs, names, zone, now, until), *expected])
    return Calendar(entries, kept.counted_at if kept else None)


def forecast(
    session: Session, programs: Mapping[int, Published], zone: ZoneInfo, *, until: datetime, now: datetime
) -> list[Line]:
    """The next mail of every lead in a chain before `until`, summed by day of `zone`, step and certainty."""
    found: dict[tuple[date, int, str, bool], Line] = {}
    for group, mail in _next_mails(session, programs, now, until):
        day = mail.at.astimezone(zone).date()
        new = Line(day, group.program_id, group.chain_id, mail.step_key, mail.certain, mail.at, group.n)
        old = found.setdefault((day, group.chain_id, mail.step_key, mail.certain), new)
        if old is not new:
            found[day, group.chain_id, mail.step_key, mail.certain] = replace(
                old, n=old.n + new.n, first_at=min(old.first_at, new.first_at)
            )
    return list(found.values())


def who(
    session: Session,
    zone: ZoneInfo,
    day: date,
    chain_id: int,
    step_key: str,
    *,
    now: datetime,
) -> list[Who]:
    """The leads behind a line of the forecast, at most two hundred."""
    until = instant_of(day + timedelta(days=1), 0, zone)
    programs = published(session, held=False)
    chosen = [
        group
        for group, mail in _next_mails(session, programs, now, until, chain_id)
        if mail.step_key == step_key and mail.at.astimezone(zone).date() == day
    ]
    return view.who(session, _caps(programs), chosen, now=now, until=until, limit=_MOST_WHO)


def _expected(one: Published, names: Names, line: Line, now: datetime) -> Entry:
    return Entry(
        day=line.day,
        kind="forecast",
        purpose="chain",
        at=max(line.first_at, now),
        n=line.n,
        certain=line.certain,
        **_place(one, names, line.chain_id, line.step_key),
    )


def _end(zone: ZoneInfo, now: datetime, days: int) -> datetime:
    """Midnight after the last day."""
    return instant_of(now.astimezone(zone).date() + timedelta(days=days + 1), 0, zone)


def _caps(programs: Mapping[int, Published]) -> Caps:
    every = [one.program for _number, one in sorted(programs.items())]
    caps = [program.frequency for program in every]
    return Caps(
        ids=sorted(programs),
        most=[cap.most if cap is not None else None for cap in caps],
        per=[cap.per.total_seconds() if cap is not None else 0.0 for cap in caps],
        own=[program.window is not None and OWN in program.window.holidays for program in every],
    )


def _next_mails(
    session: Session,
    programs: Mapping[int, Published],
    now: datetime,
    until: datetime,
    chain_id: int | None = None,
) -> list[tuple[Group, NextMail]]:
    found = []
    hours = restraint.hours(session)
    for group in view.groups(session, _caps(programs), now=now, until=until, chain_id=chain_id):
        one = programs[group.program_id]
        chain = one.chain_of(group.chain_id)
        if chain is None:
            continue
        zone = zone_for(group.timezone, one.program.timezone)
        mail = next_mail(
            one.program,
            chain,
            group.step_key,
            group.due_at,
            zone,
            country=group.country,
            hours=hours,
            free_at=group.free_at,
            until=until,
        )
        if mail is not None:
            found.append((group, mail))
    return found


def _scheduled(
    session: Session,
    programs: Mapping[int, Published],
    names: Names,
    zone: ZoneInfo,
    now: datetime,
    until: datetime,
) -> list[Entry]:
    entries = []
    for made in view.waiting(session, now=now, until=until):
        one = programs.get(made.program_id or 0)
        place = _place(one, names, made.chain_id, made.step_key) if one is not None and made.chain_id else {}
        entries.append(
            Entry(
                day=made.at.astimezone(zone).date(),
                kind="scheduled",
                purpose=made.purpose,
                at=made.at,
                n=made.n,
                newsletter_id=made.newsletter_id,
                newsletter=made.newsletter or "",
                **place,
            )
        )
    for planned in view.newsletters(session, now=now, until=until):
        entries.append(
            Entry(
                day=planned.at.astimezone(zone).date(),
                kind="scheduled",
                purpose="newsletter",
                at=planned.at,
                n=planned.n,
                newsletter_id=planned.newsletter_id,
                newsletter=planned.name,
                local=planned.local,
            )
        )
    return entries


def _place(one: Published, names: Names, chain_id: int, step_key: str | None) -> dict[str, Any]:
    temperature = next((name for name, known in one.chain_ids.items() if known == chain_id), "")
    chain = one.chain_of(chain_id)
    step = chain.by_key.get(step_key or "") if chain is not None else None
    mail = step.mail if isinstance(step, Send) else step_key or ""
    return {
        "program_id": one.id,
        "program": one.program.name,
        "chain_id": chain_id,
        "chain": temperature,
        "step_key": step_key,
        "mail": names.get((one.id, mail), mail),
    }


def _together(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that say the same are one line, the earliest moment and the sum of the mails."""
    found: dict[tuple[object, ...], list[Entry]] = {}
    for one in entries:
        key = (one.day, one.kind, one.purpose, one.chain_id, one.step_key, one.newsletter_id, one.certain)
        found.setdefault(key, []).append(one)
    lines = [_sum(same) for same in found.values()]
    return sorted(lines, key=lambda one: (one.day, one.at, one.kind, one.chain_id or 0, one.step_key or ""))


def _sum(same: Sequence[Entry]) -> Entry:
    return replace(min(same, key=lambda one: one.at), n=sum(one.n for one in same))
