"""From what a file or the API says to the tree, with every fault at once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nurture.rules import duration
from nurture.rules.conditions.faults import ConditionFault, Fault, Path, note_fault, read_name
from nurture.rules.conditions.tree import (
    BANT_ANSWERS,
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
    Trait,
)
from nurture.rules.conditions.wanted import read_wanted
from nurture.rules.words import _

DEPTH = 30
STAGES = ("visitor", "inquiry", "lead", "sales_ready", "opportunity", "customer", "lost")
_KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "temperature": ("cold", "warm", "hot"),
    "grade": ("A", "B", "C"),
    "stage": STAGES,
}


def parse(raw: object) -> Condition:
    """The tree of `raw` (plain dicts, lists and scalars); ConditionFault with all faults."""
    faults: list[Fault] = []
    condition = _condition(raw, (), faults)
    if faults or condition is None:
        raise ConditionFault(tuple(faults))
    return condition


def _condition(raw: object, path: Path, faults: list[Fault]) -> Condition | None:
    if not isinstance(raw, Mapping) or not raw:
        note_fault(faults, path, _("expected a condition such as {field: country, eq: DE}"))
        return None
    if len(path) > 2 * DEPTH:
        note_fault(faults, path, _("conditions are nested too deeply"))
        return None
    heads = [key for key in raw if key in _HEADS]
    if len(heads) != 1:
        for key in raw.keys() - set(heads) if not heads else ():
            note_fault(faults, (*path, str(key)), _unknown(key, _HEADS))
        if heads:
            note_fault(faults, path, _two_heads(heads))
        return None
    return _HEADS[heads[0]](raw, path, faults)


def _unknown(key: object, known: Iterable[str]) -> str:
    names = ", ".join(known)
    return _("unknown key {key}; expected one of {known}").format(key=key, known=names)


def _two_heads(heads: list[str]) -> str:
    found = ", ".join(heads)
    return _("one condition asks one thing; join {found} with all or any").format(found=found)


def _no_other_keys(raw: Mapping[str, Any], known: tuple[str, ...], path: Path, faults: list[Fault]) -> None:
    for key in raw:
        if key not in known:
            note_fault(faults, (*path, str(key)), _unknown(key, known))


def _joined(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    head = "all" if "all" in raw else "any"
    _no_other_keys(raw, (head,), path, faults)
    if not isinstance(raw[head], list | tuple) or not raw[head]:
        note_fault(faults, (*path, head), _("expected a list of conditions"))
        return None
    parts = [_condition(part, (*path, head, at), faults) for at, part in enumerate(raw[head])]
    whole = tuple(part for part in parts if part is not None)
    return AllOf(whole) if head == "all" else AnyOf(whole)


def _negated(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    _no_other_keys(raw, ("not",), path, faults)
    part = _condition(raw["not"], (*path, "not"), faults)
    return None if part is None else Not(part)


def _field(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    name = read_name(raw["field"], (*path, "field"), faults)
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
            note_fault(faults, path, _("expected one of {known}").format(known=", ".join(Op)))
        return None
    parts: list[Condition] = []
    for op in known:
        wanted = read_wanted(op, asked[op.value], (*path, op.value), faults)
        if wanted is not None:
            parts.append(Compare(name, op, wanted))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _trait(trait: Trait) -> Callable[[Mapping[str, Any], Path, list[Fault]], Condition | None]:
    def read(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
        _no_other_keys(raw, (trait,), path, faults)
        given = raw[trait] if isinstance(raw[trait], list | tuple) else [raw[trait]]
        if not given:
            note_fault(faults, (*path, trait), _("expected a name or a list of names"))
            return None
        names = [read_name(name, (*path, trait), faults) for name in given]
        _only_known(trait, names, path, faults)
        return OneOf(trait, tuple(name for name in names if name is not None))

    return read


def _only_known(trait: Trait, names: list[str | None], path: Path, faults: list[Fault]) -> None:
    known = _KNOWN_NAMES.get(trait)
    for name in names:
        if known and name is not None and name not in known:
            expected = _("expected one of {known}").format(known=", ".join(known))
            note_fault(faults, (*path, trait), expected)


def _signal(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    _no_other_keys(raw, ("signal", "mail", "at_least", "within"), path, faults)
    kind = read_name(raw["signal"], (*path, "signal"), faults)
    mail = read_name(raw["mail"], (*path, "mail"), faults) if "mail" in raw else None
    at_least = _count(raw.get("at_least", 1), (*path, "at_least"), faults)
    within = _within(raw["within"], (*path, "within"), faults) if "within" in raw else None
    return Signalled(kind, mail, at_least, within) if kind and at_least else None


def _count(raw: object, path: Path, faults: list[Fault]) -> int | None:
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1:
        return int(raw)
    note_fault(faults, path, _("expected a whole number of at least 1"))
    return None


def _within(raw: object, path: Path, faults: list[Fault]) -> duration.Duration | None:
    try:
        return duration.parse(raw)
    except ValueError as wrong:
        note_fault(faults, path, str(wrong))
        return None


def _bant(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    if isinstance(raw["bant"], Mapping):
        _no_other_keys(raw, ("bant",), path, faults)
        return _bant_answers(raw["bant"], (*path, "bant"), faults)
    _no_other_keys(raw, ("bant", "eq", "in"), path, faults)
    if raw["bant"] != "all" and raw["bant"] not in BANT_PARTS:
        expected = _("expected one of {known}").format(known=", ".join(("all", *BANT_PARTS)))
        note_fault(faults, (*path, "bant"), expected)
        return None
    parts = BANT_PARTS if raw["bant"] == "all" else (str(raw["bant"]),)
    op = "in" if "in" in raw else "eq"
    return Bant(parts, _answers(raw.get(op, "yes"), (*path, op), faults))


def _bant_answers(raw: Mapping[str, Any], path: Path, faults: list[Fault]) -> Condition | None:
    _no_other_keys(raw, BANT_PARTS, path, faults)
    if not raw:
        note_fault(faults, path, _("expected one of {known}").format(known=", ".join(BANT_PARTS)))
        return None
    parts = [Bant((str(part),), _answers(answer, (*path, part), faults)) for part, answer in raw.items()]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _answers(raw: object, path: Path, faults: list[Fault]) -> tuple[str, ...]:
    given = raw if isinstance(raw, list | tuple) else [raw]
    if not given or any(answer not in BANT_ANSWERS for answer in given):
        note_fault(faults, path, _("expected one of {known}").format(known=", ".join(BANT_ANSWERS)))
        return ()
    return tuple(str(answer) for answer in given)


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
