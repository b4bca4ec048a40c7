"""From what a file or the API says to the tree, with every fault at once, and back."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nurture.errors import Invalid
from nurture.rules import duration
from nurture.rules.conditions.tree import (
    BANT_ANSWERS,
    BANT_PARTS,
    ORDERING,
    AllOf,
    AnyOf,
    Bant,
    Compare,
    Condition,
    Not,
    OneOf,
    Op,
    Scalar,
    Signalled,
    Trait,
)
from nurture.rules.conditions.values import aware, instant
from nurture.rules.words import _

Path = tuple[str | int, ...]

DEPTH = 30
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+([Zz]|[+-][0-9:]+)?)?")
_TOO_LARGE = 10**300  # what double precision still holds
STAGES = ("visitor", "inquiry", "lead", "sales_ready", "opportunity", "customer", "lost")
_KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "temperature": ("cold", "warm", "hot"),
    "grade": ("A", "B", "C"),
    "stage": STAGES,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: where (keys and indexes from the condition's root) and what was expected."""

    path: Path
    sentence: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.sentence}" if self.path else self.sentence


class ConditionFault(Invalid):
    """A condition that cannot be read; `faults` names everything wrong, `path` and `sentence` the
    first of it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        errors: dict[str, list[str]] = {}
        for fault in faults:
            errors.setdefault(dotted(fault.path), []).append(fault.sentence)
        super().__init__("; ".join(map(str, faults)), errors)
        self.faults = faults

    @property
    def path(self) -> Path:
        return self.faults[0].path

    @property
    def sentence(self) -> str:
        return self.faults[0].sentence


def dotted(path: Path) -> str:
    """`all[0].field` for ("all", 0, "field")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def parse(raw: object) -> Condition:
    """The tree of `raw` (plain dicts, lists and scalars); ConditionFault with all faults."""
    faults: list[Fault] = []
    condition = _condition(raw, (), faults)
    if faults or condition is None:
        raise ConditionFault(tuple(faults))
    return condition


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


def _condition(raw: object, path: Path, faults: list[Fault]) -> Condition | None:
    if not isinstance(raw, Mapping) or not raw:
        _fault(faults, path, _("expected a condition such as {field: country, eq: DE}"))
        return None
    if len(path) > 2 * DEPTH:
        _fault(faults, path, _("conditions are nested too deeply"))
        return None
    heads = [key for key in raw if key in _HEADS]
    if len(heads) != 1:
        for key in raw.keys() - set(heads) if not heads else ():
            _fault(faults, (*path, str(key)), _unknown(key, _HEADS))
        if heads:
            _fault(faults, path, _two_heads(heads))
        return None
    return _HEADS[heads[0]](raw, path, faults)


def _fault(faults: list[Fault], path: Path, sentence: str) -> None:
    faults.append(Fault(path, sentence))


def _unknown(key: object, known: Iterable[str]) -> str:
    names = ", ".join(known)
    return _("unknown key {key}; expected one of {known}").format(key=key, known=names)


def _two_heads(heads: list[str]) -> str:
    found = ", ".join(heads)
    return _("one condition asks one thing; join {found} with all or any").format(found=found)


def _no_other_keys(raw: Mapping[str, Any], known: tuple[str, ...], path: Path, faults: list[Fault]) -> None:
    for key in raw:
        if key not in known:
            _fault(faults, (*path, str(key)), _unknown(key, known))


def _name(raw: object, path: Path, faults: list[Fault]) -> str | None:
    if isinstance(raw, str) and raw.strip() and "\0" not in raw:
        return str(raw).strip()
    _fault(faults, path, _("expected a name"))
    return None


def _joined(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    head = "all" if "all" in raw else "any"
    _no_other_keys(raw, (head,), path, faults)
    if not isinstance(raw[head], list | tuple) or not raw[head]:
        _fault(faults, (*path, head), _("expected a list of conditions"))
        return None
    parts = [_condition(part, (*path, head, at), faults) for at, part in enumerate(raw[head])]
    whole = tuple(part for part in parts if part is not None)
    return AllOf(whole) if head == "all" else AnyOf(whole)


def _negated(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    _no_other_keys(raw, ("not",), path, faults)
    part = _condition(raw["not"], (*path, "not"), faults)
    return None if part is None else Not(part)


def _field(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    name = _name(raw["field"], (*path, "field"), faults)
    asked = {key: value for key, value in raw.items() if key != "field"}
    return _compared(name or "?", asked, path, faults)


def _touches(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    beside = {key: value for key, value in raw.items() if key != "touches"}
    inside = raw["touches"]
    if isinstance(inside, Mapping) and not beside:
        return _compared("touches", inside, (*path, "touches"), faults)
    return _compared("touches", beside, path, faults)


def _compared(name: str, asked: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    _no_other_keys(asked, tuple(Op), path, faults)
    known = [op for op in Op if op.value in asked]
    if not known:
        if not asked:
            _fault(faults, path, _("expected one of {known}").format(known=", ".join(Op)))
        return None
    parts: list[Condition] = []
    for op in known:
        wanted = _wanted(op, asked[op.value], (*path, op.value), faults)
        if wanted is not None:
            parts.append(Compare(name, op, wanted))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _wanted(op: Op, raw: object, path: Path, faults: list[Fault]) -> Scalar | tuple[Scalar, ...] | None:
    if op in (Op.IN, Op.NOT_IN):
        return _listed(raw, path, faults)
    if op is Op.EXISTS:
        return _flag(raw, path, faults)
    if op in ORDERING:
        return _ordered(raw, path, faults)
    if op in (Op.STARTS, Op.ENDS):
        return _name(raw, path, faults)
    value = _scalar(raw, path, faults)
    if op is Op.CONTAINS:
        return value.isoformat() if isinstance(value, date) else value
    return _dated(value)


def _dated(value: Scalar | None) -> Scalar | None:
    """Dates and instants written as texts are what they say: JSON and forms have no other way."""
    if isinstance(value, str) and _DATED.fullmatch(value.strip()):
        return instant(value) or value
    return value


def _flag(raw: object, path: Path, faults: list[Fault]) -> bool | None:
    if isinstance(raw, bool):
        return bool(raw)
    _fault(faults, path, _("expected true or false"))
    return None


def _listed(raw: object, path: Path, faults: list[Fault]) -> tuple[Scalar, ...] | None:
    if not isinstance(raw, list | tuple) or not raw:
        _fault(faults, path, _("expected a list of values"))
        return None
    values = [_dated(_scalar(value, (*path, at), faults)) for at, value in enumerate(raw)]
    return tuple(value for value in values if value is not None)


def _ordered(raw: object, path: Path, faults: list[Fault]) -> Scalar | None:
    value = instant(raw) if isinstance(raw, str) else _scalar(raw, path, [])
    if value is None or isinstance(value, bool | str):
        _fault(faults, path, _("expected a number or a date such as 2026-05-31"))
        return None
    return value


def _scalar(raw: object, path: Path, faults: list[Fault]) -> Scalar | None:
    if isinstance(raw, bool):
        return bool(raw)
    if isinstance(raw, int) and abs(raw) < _TOO_LARGE:
        return int(raw)
    if isinstance(raw, float) and math.isfinite(raw):
        return float(raw)
    if isinstance(raw, datetime):
        return aware(raw)
    if isinstance(raw, date):
        return date(raw.year, raw.month, raw.day)
    if isinstance(raw, str) and raw.strip() and "\0" not in raw:
        return str(raw)
    _fault(faults, path, _("expected a text, a number, true, false or a date"))
    return None


def _trait(trait: Trait) -> Callable[[Mapping[str, Any], Path, list[Fault]], Condition | None]:
    def read(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
        _no_other_keys(raw, (trait,), path, faults)
        given = raw[trait] if isinstance(raw[trait], list | tuple) else [raw[trait]]
        if not given:
            _fault(faults, (*path, trait), _("expected a name or a list of names"))
            return None
        names = [_name(name, (*path, trait), faults) for name in given]
        _only_known(trait, names, path, faults)
        return OneOf(trait, tuple(name for name in names if name is not None))

    return read


def _only_known(trait: Trait, names: list[str | None], path: Path, faults: list[Fault]) -> None:
    known = _KNOWN_NAMES.get(trait)
    for name in names:
        if known and name is not None and name not in known:
            expected = _("expected one of {known}").format(known=", ".join(known))
            _fault(faults, (*path, trait), expected)


def _signal(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    _no_other_keys(raw, ("signal", "mail", "at_least", "within"), path, faults)
    kind = _name(raw["signal"], (*path, "signal"), faults)
    mail = _name(raw["mail"], (*path, "mail"), faults) if "mail" in raw else None
    at_least = _count(raw.get("at_least", 1), (*path, "at_least"), faults)
    within = _within(raw["within"], (*path, "within"), faults) if "within" in raw else None
    return Signalled(kind, mail, at_least, within) if kind and at_least else None


def _count(raw: object, path: Path, faults: list[Fault]) -> int | None:
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1:
        return int(raw)
    _fault(faults, path, _("expected a whole number of at least 1"))
    return None


def _within(raw: object, path: Path, faults: list[Fault]) -> duration.Duration | None:
    try:
        return duration.parse(raw)
    except ValueError as wrong:
        _fault(faults, path, str(wrong))
        return None


def _bant(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    if isinstance(raw["bant"], Mapping):
        _no_other_keys(raw, ("bant",), path, faults)
        return _bant_answers(raw["bant"], (*path, "bant"), faults)
    _no_other_keys(raw, ("bant", "eq", "in"), path, faults)
    if raw["bant"] != "all" and raw["bant"] not in BANT_PARTS:
        expected = _("expected one of {known}").format(known=", ".join(("all", *BANT_PARTS)))
        _fault(faults, (*path, "bant"), expected)
        return None
    parts = BANT_PARTS if raw["bant"] == "all" else (str(raw["bant"]),)
    op = "in" if "in" in raw else "eq"
    return Bant(parts, _answers(raw.get(op, "yes"), (*path, op), faults))


def _bant_answers(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    _no_other_keys(raw, BANT_PARTS, path, faults)
    if not raw:
        _fault(faults, path, _("expected one of {known}").format(known=", ".join(BANT_PARTS)))
        return None
    parts = [Bant((str(part),), _answers(answer, (*path, part), faults)) for part, answer in raw.items()]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _answers(raw: object, path: Path, faults: list[Fault]) -> tuple[str, ...]:
    given = raw if isinstance(raw, list | tuple) else [raw]
    if not given or any(answer not in BANT_ANSWERS for answer in given):
        _fault(faults, path, _("expected one of {known}").format(known=", ".join(BANT_ANSWERS)))
        return ()
    return tuple(str(answer) for answer in given)


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


_HEADS: Mapping[str, Callable[[Mapping[str, Any], Path, list[Fault]], Condition | None]] = {
    "field": _field,
    "tag": _trait("tag"),
    "temperature": _trait("temperature"),
    "grade": _trait("grade"),
    "stage": _trait("stage"),
    "signal": _signal,
    "touches": _touches,
    "segment": _trait("segment"),
    "source": _trait("source"),
    "consent": _trait("consent"),
    "bant": _bant,
    "all": _joined,
    "any": _joined,
    "not": _negated,
}
