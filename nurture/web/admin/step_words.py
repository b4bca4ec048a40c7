"""Every step of a chain in words, and the ways that lead from it."""

import re
from collections.abc import Mapping, Sequence

from babel.dates import get_day_names

from nurture.rules import duration, names
from nurture.rules.conditions import AllOf, AnyOf, Compare, Condition, Not, Signalled, describe, parts_of
from nurture.rules.program import (
    AddTags,
    Branch,
    CallWebhook,
    DateOf,
    EmitSignal,
    Exit,
    Goto,
    HandOver,
    HoldOut,
    Notify,
    Send,
    SetField,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
)
from nurture.rules.words import _
from nurture.web.language import locale
from nurture.web.rendering import sentence
from nurture.web.wording import says

Mails = Mapping[str, tuple[int, str]]
_MOST_SHOWN = 60
# What differs from lead to lead.
_PART = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


def in_words(step: Step, mails: Mails) -> tuple[str, str]:  # noqa: C901, PLR0912 - one line a kind of step
    """The icon and the words for a step."""
    match step:
        case Send(mail=mail):
            return "mail", mails[mail][1] if mail in mails else mail
        case Wait(duration=span):
            return "clock", duration.describe(span)
        case WaitUntil(weekdays=weekdays, minute=minute):
            return "calendar-event", _until(weekdays, minute)
        case WaitUntilDate(date=wanted):
            return "calendar-event", _("Until {moment}").format(moment=around(wanted))
        case WaitFor(signals=signals, within=span):
            what = sentence(_either([names.signal(kind) for kind in signals]))
            return "click", _("{what} within {span}").format(what=what, span=duration.describe(span))
        case Branch(arms=arms):
            return "git-branch", _branch([arm.when for arm in arms if arm.when])
        case Split(name=name):
            return "test-pipe", _("Split: {name}").format(name=name)
        case HoldOut(percent=percent):
            return "user-off", _("%(share)s %% held out, without mails") % {"share": f"{percent:g}"}
        case Goto(chain=chain, step=target):
            return "arrow-back-up", _goto(chain, target)
        case HandOver():
            return "heart-handshake", _("Hand over to sales")
        case Exit(reason=reason):
            return "door-exit", _("Leaves: {reason}").format(reason=says(reason, "exit"))
        case AddTags(tags=tags):
            return "tag", _("Tag: {tags}").format(tags=", ".join(tags))
        case SetField(field=name, to=value):
            return "note", _("Set {field} to {value}").format(field=names.field(name), value=value)
        case EmitSignal(kind=kind):
            return "circle-check", _("Signal: {kind}").format(kind=names.signal(kind))
        case Notify():
            return "bell", _("Tell {people}: {text}").format(people=_told(step), text=_short(step.text))
        case CallWebhook(url=url):
            return "webhook", _("Webhook to {host}").format(host=_host(url))


def _told(step: Notify) -> str:
    people = [_("the owner")] if step.owner else []
    people += [_("all with the role {role}").format(role=says(step.role, "role"))] if step.role else []
    return ", ".join((*people, *step.to))


def _short(text: str) -> str:
    line = " ".join(_PART.sub("…", text).split())
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1].rstrip() + "…"


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def around(wanted: DateOf) -> str:
    """ "14 days before renewal, 10:00"."""
    name, span = names.field(wanted.field), duration.describe(wanted.offset.by)
    if not wanted.offset.by.amount:
        told = name
    elif wanted.offset.back:
        told = _("{span} before {date}").format(span=span, date=name)
    else:
        told = _("{span} after {date}").format(span=span, date=name)
    told = _("{moment}, every year").format(moment=told) if wanted.yearly else told
    at = wanted.minute
    return told if at is None else _("{moment}, {at}").format(moment=told, at=f"{at // 60:02d}:{at % 60:02d}")


def ways(step: Step) -> list[tuple[str, str, tuple[Step, ...]]]:
    if isinstance(step, WaitFor):
        both = (("check", _("yes"), step.then), ("x", _("no"), step.otherwise))
        return [way for way in both if way[2]]
    if isinstance(step, WaitUntilDate):
        return [("x", _("date past or missing"), step.otherwise)] if step.otherwise else []
    if isinstance(step, Split):
        whole = sum(share.weight for share in step.shares) or 1
        return [("", f"{one.name} · {one.weight / whole:.0%}", one.steps) for one in step.shares]
    if isinstance(step, Branch):
        return [("", _condition(arm.when), arm.steps) for arm in step.arms]
    return []


def _condition(when: Condition | None) -> str:
    return sentence(describe(when)) if when else _("everyone else")


def _branch(asked: Sequence[Condition]) -> str:
    """What the ways differ by, when that is one thing."""
    leaves = [part for when in asked for part in parts_of(when) if not isinstance(part, AllOf | AnyOf | Not)]
    fields = {part.field for part in leaves if isinstance(part, Compare)}
    if len(fields) == 1 and all(isinstance(part, Compare) for part in leaves):
        return _("By {field}").format(field=names.field(fields.pop()))
    if all(isinstance(part, Signalled) for part in leaves):
        return _("By what they did")
    return _("By what is known then")


def _until(weekdays: frozenset[int], minute: int) -> str:
    at = f"{minute // 60:02d}:{minute % 60:02d}"
    if not weekdays or len(weekdays) == 7:
        return _("Until {at}").format(at=at)
    days = get_day_names("abbreviated", locale=locale())
    return _("Until {days}, {at}").format(days=_either([days[day] for day in sorted(weekdays)]), at=at)


def _either(words: Sequence[str]) -> str:
    """ "Tue, Wed or Thu"."""
    return _(" or ").join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _goto(chain: str | None, step: str | None) -> str:
    if chain is None:
        return _("Back to {step}").format(step=step)
    return _("On to the {chain} chain").format(chain=says(chain, "temperature").lower())
