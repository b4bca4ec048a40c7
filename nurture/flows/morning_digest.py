"""A mail to each salesperson as the working day begins: what is new, waits or is late, and whom they meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_time
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.queue_mail import keep_own_mail
from nurture.flows.routing import response_rules
from nurture.rules.response import UNSPOKEN, ResponseRule
from nurture.rules.words import ENGLISH, speaking, spoken
from nurture.rules.working_day import begun
from nurture.store import digests, notices, teams
from nurture.store.digests import Line, Reader
from nurture.store.notices import Notice

_NEW = timedelta(days=1)
_MOST = 10


@dataclass(frozen=True)
class Morning:
    """Somebody whose day has just begun."""

    reader: Reader
    day: date
    zone: ZoneInfo

    @property
    def key(self) -> str:
        return f"digest:{self.reader.id}:{self.day}"


def send_digests(sessions: sessionmaker[Session], base_url: str, *, now: datetime) -> int:
    """Queue the digest of everybody whose working day has begun; how many. Once a person and day, not on
    days off, and nothing where nothing is to be said."""
    with sessions.begin() as session:
        rules, default = response_rules(session), teams.default_team(session).id
        mornings = [
            morning
            for reader in digests.readers(session)
            if (morning := _morning(reader, rules[reader.team_id or default], now))
        ]
        due = _still_due(session, mornings)
        lines = digests.lines(session, [one.reader.id for one in due]) if due else []
        told = [(one, _params(one, lines, base_url, now)) for one in due]
        return _queue(session, [(one, params) for one, params in told if params], now)


def _morning(reader: Reader, rule: ResponseRule, now: datetime) -> Morning | None:
    day = begun(rule.hours, rule.zone, now) if rule.hours else None
    return Morning(reader, day, rule.zone) if day else None


def _still_due(session: Session, mornings: Sequence[Morning]) -> list[Morning]:
    if not mornings:
        return []
    keys = {one.reader.id: one.key for one in mornings}
    out = digests.done_or_away(session, keys, {one.reader.id: one.day for one in mornings})
    return [one for one in mornings if one.reader.id not in out]


def _params(one: Morning, lines: Sequence[Line], base_url: str, now: datetime) -> dict[str, Any] | None:
    """What the mail says; None where there is nothing. A lead stands in one group, the most pressing one."""
    groups: dict[str, list[Line]] = {"meetings": [], "overdue": [], "new": [], "waiting": []}
    for line in lines:
        group = _group(line, one, now) if line.owner_id == one.reader.id else None
        if group:
            groups[group].append(line)
    if not any(groups.values()):
        return None
    with speaking(one.reader.language):
        shown = {name: [_said(line, one) for line in found[:_MOST]] for name, found in groups.items()}
    return {
        "colleague": one.reader.name,
        "count": sum(len(found) for found in groups.values()),
        "inbox_url": f"{base_url}/handoffs",
        "lead_ids": [line.lead_id for found in groups.values() for line in found[:_MOST]],
        **shown,
    }


def _group(line: Line, one: Morning, now: datetime) -> str | None:
    if line.state == "meeting":
        return "meetings" if line.meets_at and line.meets_at.astimezone(one.zone).date() == one.day else None
    if line.state not in UNSPOKEN:
        return None
    if line.due_at is not None and line.due_at < now:
        return "overdue"
    return "new" if line.released_at is not None and now - line.released_at < _NEW else "waiting"


def _said(line: Line, one: Morning) -> dict[str, str]:
    at = line.meets_at.astimezone(one.zone) if line.meets_at else None
    return {
        "lead": line.name,
        "who": line.who,
        "phone": line.phone or "",
        "at": format_time(at, "short", locale=spoken()) if at else "",
    }


def _queue(session: Session, told: Sequence[tuple[Morning, dict[str, Any]]], now: datetime) -> int:
    for language in sorted({one.reader.language or ENGLISH for one, _ in told}):
        version_id = keep_own_mail(session, "sales_digest", [language], now=now)
        mails = [
            Notice(one.key, one.reader.email, params)
            for one, params in told
            if (one.reader.language or ENGLISH) == language
        ]
        notices.queue(session, version_id, mails, now=now)
    return len(told)
