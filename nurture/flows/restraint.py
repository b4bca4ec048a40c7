"""How much the installation writes to one lead at most, and at which hours never, whatever sends it."""

import re
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows.published import published
from nurture.rules.timing import Window, within
from nurture.rules.words import _
from nurture.store import restraint
from nurture.store.audit import audit, changes

_MOST, _DAYS = 1000, 365
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def set_cap(session: Session, most: int | None, days: int, over: str, *, by: str, now: datetime) -> None:
    """At most `most` mails (None: no cap) to one lead in any `days` days; the next one waits (defer) or is
    left out (skip). Mails that a lead asked for do not count. Raises Invalid with every fault."""
    faults: dict[str, list[str]] = {}
    if most is not None and not 1 <= most <= _MOST:
        faults["most"] = [_("A whole number from 1 to {most}, or nothing.").format(most=_MOST)]
    if not 1 <= days <= _DAYS:
        faults["days"] = [_("A whole number of days from 1 to {days}.").format(days=_DAYS)]
    if over not in ("defer", "skip"):
        faults["over"] = [_("The next mail waits or is left out.")]
    _stop_if(faults)
    _keep(session, {"most": most, "days": days, "over": over}, by, now)


def set_quiet(session: Session, starts: str | None, ends: str | None, *, by: str, now: datetime) -> None:
    """From `starts` until `ends` of each lead's own day ("21:00", "08:00"; None for both: at no hour) nobody
    is written to, but for mails that a lead asked for and the first one of who has just asked. Raises Invalid
    with every fault, also where a program would never write again."""
    if not starts and not ends:
        _keep(session, {"quiet_from": None, "quiet_until": None}, by, now)
        return
    evening, morning = _minute(starts), _minute(ends)
    faults: dict[str, list[str]] = {}
    for name, found in (("quiet_from", evening), ("quiet_until", morning)):
        if found is None:
            faults[name] = [_("A time of the day such as 21:00.")]
    _stop_if(faults)
    assert evening is not None and morning is not None, "checked above"
    if evening <= morning:
        faults["quiet_until"] = [_("Quiet hours run over midnight: they end in the morning after.")]
    _stop_if(faults)
    if silenced := _silenced(session, Window(frozenset(range(7)), morning, evening)):
        sentence = _("These programs write in quiet hours only and would fall silent: {names}.")
        faults["quiet_from"] = [sentence.format(names=", ".join(silenced))]
    _stop_if(faults)
    _keep(session, {"quiet_from": evening, "quiet_until": morning}, by, now)


def falls_silent(session: Session, window: Window | None) -> bool:
    """Whether the quiet hours of the house leave nothing of a window."""
    return window is not None and _never(window, restraint.hours(session))


def _silenced(session: Session, hours: Window) -> list[str]:
    every = published(session, ("live", "paused"), held=False).values()
    return [one.program.name for one in every if one.program.window and _never(one.program.window, hours)]


def _never(window: Window, hours: Window | None) -> bool:
    left = within(window, hours)
    return left is not None and not left.days


def _minute(text: str | None) -> int | None:
    found = _TIME.fullmatch(text or "")
    return int(found[1]) * 60 + int(found[2]) if found else None


def _stop_if(faults: dict[str, list[str]]) -> None:
    if faults:
        raise Invalid(" ".join(one for many in faults.values() for one in many), faults)


def _keep(session: Session, said: dict[str, int | str | None], by: str, now: datetime) -> None:
    row = restraint.get(session)
    before = {name: getattr(row, name) for name in said}
    if before == said:
        return
    for name, value in said.items():
        setattr(row, name, value)
    audit(session, by, "restraint.changed", "installation", now=now, detail=changes(before, said))
