"""A condition in its plain form: what `parse` reads as the same tree."""

from datetime import date
from typing import Any

from nurture.rules.conditions.tree import (
    BANT_PARTS,
    AllOf,
    AnyOf,
    Bant,
    Compare,
    Condition,
    Not,
    OneOf,
    Scalar,
    Signalled,
)


def unparse(condition: Condition) -> dict[str, Any]:
    """The plain form that `parse` reads as this tree."""
    match condition:
        case Compare("touches", op, wanted):
            return {"touches": {op.value: _plain(wanted)}}
        case Compare(field, op, wanted):
            return {"field": field, op.value: _plain(wanted)}
        case OneOf(trait, names):
            return {trait: names[0] if len(names) == 1 else list(names)}
        case Signalled():
            return _plain_signal(condition)
        case Bant(parts, answers):
            return _plain_bant(parts, answers)
        case AllOf(parts=inner):
            return {"all": [unparse(part) for part in inner]}
        case AnyOf(parts=inner):
            return {"any": [unparse(part) for part in inner]}
        case Not(part):
            return {"not": unparse(part)}


def _plain(wanted: Scalar | tuple[Scalar, ...]) -> Any:
    if isinstance(wanted, tuple):
        return [_plain(value) for value in wanted]
    return wanted.isoformat() if isinstance(wanted, date) else wanted


def _plain_signal(signalled: Signalled) -> dict[str, Any]:
    plain: dict[str, Any] = {"signal": signalled.kind}
    if signalled.mail is not None:
        plain["mail"] = signalled.mail
    if signalled.at_least != 1:
        plain["at_least"] = signalled.at_least
    if signalled.within is not None:
        plain["within"] = str(signalled.within)
    return plain


def _plain_bant(parts: tuple[str, ...], answers: tuple[str, ...]) -> dict[str, Any]:
    plain: dict[str, Any] = {"bant": "all" if parts == BANT_PARTS else parts[0]}
    if len(answers) > 1:
        plain["in"] = list(answers)
    elif answers != ("yes",):
        plain["eq"] = answers[0]
    return plain
