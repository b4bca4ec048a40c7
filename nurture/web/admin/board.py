"""A chain as the board draws it: each step in words, with its counts and the ways that leave it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from babel.dates import get_day_names

from nurture.rules import duration, names
from nurture.rules.conditions import describe
from nurture.rules.program import Chain, Goal, Program, Send, Step
from nurture.rules.words import _
from nurture.store.views.programs import Counts
from nurture.web.admin.step_words import Mails, around, in_words, ways
from nurture.web.language import locale


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
    machine_opened: int = 0
    machine_clicked: int = 0
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
        machine_opened=here.get("machine_opened", 0),
        machine_clicked=here.get("machine_clicked", 0),
        ways=[
            Way(label, [_line(one, counts, mails) for one in inside], icon)
            for icon, label, inside in ways(step)
        ],
    )


def entry(chain: Chain) -> str:
    """Who comes into the chain from outside, and how often, in a sentence."""
    enter = chain.enter
    if enter is None:
        return _("Leads come in from the other chains only.")
    told = [_("on the signal {signal}").format(signal=names.signal(kind)) for kind in enter.signals]
    told += [_("by the form {form}").format(form=form) for form in enter.forms]
    told += [around(enter.date)] if enter.date is not None else []
    told = [_(" or ").join(told)] if told else []
    told += [describe(enter.when)] if enter.when is not None else []
    sentence = _("Comes in: {how}.").format(how=_(", and ").join(told))
    return f"{sentence} {_again(chain)}"


def _again(chain: Chain) -> str:
    again = chain.reentry
    if again is None or not again.multiple:
        return _("Once only.")
    if again.concurrent:
        return _("Each time anew, beside a run under way.")
    if again.after is None:
        return _("Again each time it happens.")
    return _("Again after {span}.").format(span=duration.describe(again.after))


def rules(program: Program) -> list[str]:
    """What holds for the whole program, in short sentences."""
    told = [_window(program), _frequency(program)]
    if program.goal:
        told.append(_goal(program.goal))
    if "hand_over" in program.exit_on:
        told.append(_("leaves when sales gets the lead"))
    if "reply" not in program.exit_on:
        told.append(_("stays when the lead replies"))
    if program.holdout:
        share = f"{program.holdout:g}"
        told.append(_("%(share)s %% held out without mails, to compare with") % {"share": share})
    return [sentence for sentence in told if sentence]


def _goal(goal: Goal) -> str:
    told = describe(goal.when)
    if goal.value_field is not None:
        worth = names.field(goal.value_field)
    elif goal.value is not None:
        worth = f"{goal.value:,.12g}"
    else:
        return _("goal: {goal}").format(goal=told)
    worth = " ".join(part for part in (worth, goal.currency) if part)
    return _("goal: {goal}, worth {worth}").format(goal=told, worth=worth)


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
