"""What segments lean on: each other, signals, the passing of time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nurture.rules.conditions import Compare, Condition, OneOf, Signalled, parts_of
from nurture.rules.folding import fold

TIME, TOUCHES, TARGET = "time", "touches", "target"


def named(condition: Condition) -> frozenset[str]:
    """The keys of the segments that a condition asks about."""
    return frozenset(
        fold(name)
        for part in parts_of(condition)
        if isinstance(part, OneOf) and part.trait == "segment"
        for name in part.names
    )


def asks(condition: Condition) -> list[str]:
    """What can change its answer without anybody changing the lead: time (signals grow old and heat
    cools), touches (a mail was sent) and the target score (it was trained, or asked again)."""
    parts = list(parts_of(condition))
    time = any(isinstance(part, Signalled) or _is(part, "heat", "company.heat") for part in parts)
    touches = any(_is(part, "touches") for part in parts)
    target = any(_is(part, "target_score") for part in parts)
    return [TIME] * time + [TOUCHES] * touches + [TARGET] * target


def leaning_on_heat(conditions: Mapping[str, Condition]) -> frozenset[str]:
    """The keys of those that ask for heat or temperature, themselves or by way of others: which leads are in
    depends on the heat model."""
    found: set[str] = set()
    for key in in_order(conditions):
        parts = list(parts_of(conditions[key]))
        if any(_asks_for_heat(part) for part in parts) or named(conditions[key]) & found:
            found.add(key)
    return frozenset(found)


def told_by_time_and_heat(conditions: Mapping[str, Condition], wanted: Iterable[str]) -> frozenset[str]:
    """Of the wanted segments and those they lean on, the ones in which both time and the heat model decide,
    with the ones depending on the model that they lean on themselves."""
    by_heat = leaning_on_heat(conditions)
    every = frozenset[str]().union(*(_leant_on(key, conditions) for key in wanted))
    changing = (key for key in every & by_heat if _asks_for_time(key, conditions))
    return frozenset[str]().union(*(_leant_on(key, conditions) for key in changing)) & by_heat


def in_order(conditions: Mapping[str, Condition]) -> list[str]:
    """The keys so that each comes after those that it leans on; ValueError with the keys of a circle."""
    order: list[str] = []
    for key in sorted(conditions):
        _visit(key, conditions, order, ())
    return order


def segments_in(spec: Any) -> set[str]:
    """Every segment that a plain definition (of a program) names, wherever in it."""
    if isinstance(spec, Mapping):
        found = spec.get("segment")
        names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        mine = {fold(name) for name in names if isinstance(name, str)}
        return mine.union(*map(segments_in, spec.values()))
    if isinstance(spec, list | tuple):
        return set[str]().union(*map(segments_in, spec))
    return set()


def circle(keys: Iterable[str]) -> str:
    """A circle in words: a → b → a."""
    return " → ".join(keys)


def _leant_on(key: str, conditions: Mapping[str, Condition]) -> frozenset[str]:
    """The segment itself and every one it leans on; nothing for one that does not exist."""
    if key not in conditions:
        return frozenset()
    return frozenset({key}).union(*(_leant_on(other, conditions) for other in named(conditions[key])))


def _asks_for_time(key: str, conditions: Mapping[str, Condition]) -> bool:
    return any(TIME in asks(conditions[one]) for one in _leant_on(key, conditions))


def _visit(key: str, conditions: Mapping[str, Condition], order: list[str], above: Sequence[str]) -> None:
    if key in above:
        raise ValueError(circle([*above[above.index(key) :], key]))
    if key in order or key not in conditions:
        return
    for other in sorted(named(conditions[key])):
        _visit(other, conditions, order, (*above, key))
    order.append(key)


def _asks_for_heat(part: Condition) -> bool:
    if isinstance(part, OneOf):
        return part.trait == "temperature"
    return _is(part, "heat", "temperature", "company.heat", "company.temperature")


def _is(part: Condition, *fields: str) -> bool:
    return isinstance(part, Compare) and part.field in fields
