"""A chain as the board draws it: each step in words, with its counts and the ways that leave it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from babel.dates import get_day_names

from nurture.rules import duration, names
from nurture.rules.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Not,
    Signalled,
    describe,
    parts_of,
)
from nurture.rules.program import (
    AddTags,
    Branch,
    Chain,
    Exit,
    Goto,
    HandOver,
    Program,
    Send,
    SetField,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
)
from nurture.rules.words import _
from nurture.store.views.programs import Counts
from nurture.web.language import locale
from nurture.web.rendering import sentence
from nurture.web.wording import says

Mails = Mapping[str, tuple[int, str]]


@dataclass(frozen=True)
class Line:
    """One step: what it does, who stands there, and for a mail what came of it."""

    key: str
    icon: str
    title: str
    is_mail: bool
    waiting: int
    sent: int
    opened: int
    clicked: int
    ways: list["Way"] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """One way out of a step, and the steps on it."""

    label: str
    lines: list[Line]
    icon: str = ""


def lines(chain: Chain, counts: Mapping[str, Counts], mails: Mails) -> list[Line]:
    """The chain from top to bottom."""
    return [_line(step, counts, mails) for step in chain.steps]


def _line(step: Step, counts: Mapping[str, Counts], mails: Mails) -> Line:
    here = counts.get(step.key, {})
    icon, title = in_words(step, mails)
    return Line(
        key=step.key,
        icon=icon,
        title=title,
        is_mail=isinstance(step, Send),
        waiting=max(0, here.get("entered", 0) - here.get("left", 0)),
        sent=here.get("sent", 0),
        opened=here.get("opened", 0),
        clicked=here.get("clicked", 0),
        ways=[
            Way(label, [_line(one, counts, mails) for one in inside], icon)
            for icon, label, inside in _ways(step)
        ],
    )


def in_words(step: Step, mails: Mails) -> tuple[str, str]:
    """The icon and the words for a step."""
    match step:
        case Send(mail=mail):
            return "mail", mails[mail][1] if mail in mails else mail
        case Wait(duration=span):
            return "clock", duration.describe(span)
        case WaitUntil(weekdays=weekdays, minute=minute):
            return "calendar-event", _until(weekdays, minute)
        case WaitFor(signal=signal, within=span):
            what = sentence(names.signal(signal))
            return "click", _("{what} within {span}").format(what=what, span=duration.describe(span))
        case Branch(arms=arms):
            return "git-branch", _branch([arm.when for arm in arms if arm.when])
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


def _ways(step: Step) -> list[tuple[str, str, tuple[Step, ...]]]:
    if isinstance(step, WaitFor):
        both = (("check", _("yes"), step.then), ("x", _("no"), step.otherwise))
        return [way for way in both if way[2]]
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


def rules(program: Program) -> list[str]:
    """What holds for the whole program, in short sentences."""
    told = [_window(program), _frequency(program)]
    if program.goal:
        told.append(_("goal: {goal}").format(goal=describe(program.goal)))
    return [sentence for sentence in told if sentence]


def _window(program: Program) -> str:
    window = program.window
    if window is None:
        return _("at any hour")
    week = get_day_names("abbreviated", locale=locale())
    days = ", ".join(week[day] for day in sorted(window.days))
    if window.days == frozenset(range(5)):
        days = f"{week[0]}–{week[4]}"
    hours = (
        f"{window.opens // 60:02d}:{window.opens % 60:02d}–{window.closes // 60:02d}:{window.closes % 60:02d}"
    )
    return _("{days} {hours} in the lead’s time zone").format(days=days, hours=hours)


def _frequency(program: Program) -> str:
    often = program.frequency
    if often is None:
        return ""
    return _("at most {most} mails in {days} days").format(most=often.most, days=often.per.days)
