"""A condition as a short sentence, for reasons and pages."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from nurture.rules import duration, names
from nurture.rules.conditions.tree import (
    BANT_PARTS,
    AllOf,
    AnyOf,
    Bant,
    Compare,
    Condition,
    Not,
    OneOf,
    Op,
    Signalled,
)
from nurture.rules.words import _, ngettext


def describe(condition: Condition) -> str:
    """What must be true, in words: "company size is at least 50"."""
    match condition:
        case AllOf(parts):
            return _(" and ").join(_inside(part) for part in parts)
        case AnyOf(parts):
            return _(" or ").join(_inside(part) for part in parts)
        case Not(part):
            return _("not {condition}").format(condition=_inside(part))
        case Compare(field, op, wanted):
            return _COMPARED[op](wanted).format(
                field=names.field(field),
                wanted=str(wanted) if op in _PIECES else _said(field, wanted),
            )
        case OneOf(trait, wanted):
            return _trait_words()[trait].format(names=_(" or ").join(_called(trait, one) for one in wanted))
        case Signalled():
            return _signalled(condition)
        case Bant(asked, answers):
            subject = _("budget, authority, need and timing") if asked == BANT_PARTS else ", ".join(asked)
            said = _(" or ").join(_(answer) for answer in answers)
            return _("{parts} answered {answers}").format(parts=subject, answers=said)


def _called(trait: str, name: str) -> str:
    """Temperatures and stages have words of ours; the other names are people's own."""
    return names.trait(name) if trait in ("temperature", "stage") else name


def _inside(condition: Condition) -> str:
    joined = isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1
    return f"({describe(condition)})" if joined else describe(condition)


def _said(field: str, wanted: Any) -> str:
    if isinstance(wanted, tuple):
        return ", ".join(_said(field, value) for value in wanted)
    if isinstance(wanted, bool):
        return _("true") if wanted else _("false")
    return wanted.isoformat() if isinstance(wanted, date) else names.value(field, str(wanted))


def _signalled(wanted: Signalled) -> str:
    text = names.signal(wanted.kind)
    if wanted.mail is not None:
        text = _("{signal} in the mail {mail}").format(signal=text, mail=wanted.mail)
    if wanted.at_least > 1:
        times = ngettext("{n} time", "{n} times", wanted.at_least).format(n=wanted.at_least)
        text = _("{signal} at least {times}").format(signal=text, times=times)
    if wanted.within:
        span = duration.describe(wanted.within)
        text = _("{signal} within {span}").format(signal=text, span=span)
    return text


def _trait_words() -> Mapping[str, str]:
    return {
        "tag": _("tagged {names}"),
        "temperature": _("temperature {names}"),
        "grade": _("grade {names}"),
        "stage": _("stage {names}"),
        "segment": _("in segment {names}"),
        "source": _("source {names}"),
        "consent": _("consent to {names}"),
    }


_COMPARED: Mapping[Op, Callable[[Any], str]] = {
    Op.EQ: lambda wanted: _("{field} is {wanted}"),
    Op.NE: lambda wanted: _("{field} is not {wanted}"),
    Op.GT: lambda wanted: _("{field} is above {wanted}"),
    Op.GTE: lambda wanted: _("{field} is at least {wanted}"),
    Op.LT: lambda wanted: _("{field} is below {wanted}"),
    Op.LTE: lambda wanted: _("{field} is at most {wanted}"),
    Op.IN: lambda wanted: _("{field} is one of {wanted}"),
    Op.NOT_IN: lambda wanted: _("{field} is none of {wanted}"),
    Op.CONTAINS: lambda wanted: _("{field} contains {wanted}"),
    Op.STARTS: lambda wanted: _("{field} starts with {wanted}"),
    Op.ENDS: lambda wanted: _("{field} ends with {wanted}"),
    Op.EXISTS: lambda wanted: _("{field} is known") if wanted else _("{field} is not known"),
}

# Operators that speak of a piece of a text, which is no name of anything.
_PIECES = (Op.CONTAINS, Op.STARTS, Op.ENDS)
# gettext reads these marks: the answers of BANT, as conditions name them.
_N = str
_ANSWERS = (_N("yes"), _N("no"), _N("partly"), _N("unknown"))
