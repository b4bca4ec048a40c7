"""Whether a condition holds for a lead at a moment."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from nurture.rules.conditions.tree import AllOf, AnyOf, Bant, Compare, Condition, Not, OneOf, Op, Signalled
from nurture.rules.conditions.values import (
    MANY,
    as_bool,
    as_date,
    as_instant,
    as_number,
    as_text,
    is_missing,
)
from nurture.rules.facts import Facts
from nurture.rules.folding import fold

# Kept as numbers by the engine itself: asked as numbers, never as text. Heat is compared rounded.
COMPANY_HEAT = "company.heat"
NUMBERS = ("heat", COMPANY_HEAT, "readiness", "target_score", "touches", "owner", "id")
TEXTUAL = frozenset({Op.CONTAINS, Op.STARTS, Op.ENDS})
HEAT_PLACES = 6
_NAMES = ("stage", "temperature", "grade", "source")


def holds(condition: Condition, facts: Facts, now: datetime, extra: Mapping[str, Any] | None = None) -> bool:
    """True or false, never in between. `extra` adds names for this one question, such as `data` of
    the signal that is being judged; they win over the lead's own."""
    match condition:
        case Compare(field, op, wanted):  # most parts are one of these
            if field not in NUMBERS:
                return compares(_value(field, facts, extra), op, wanted)
            if op in TEXTUAL:
                return False
            return compares(_value(field, facts, extra), op, as_wanted(field, wanted))
        case AllOf(parts):
            return all(holds(part, facts, now, extra) for part in parts)
        case AnyOf(parts):
            return any(holds(part, facts, now, extra) for part in parts)
        case Not(part):
            return not holds(part, facts, now, extra)
        case OneOf(trait, names):
            return not _held(trait, facts).isdisjoint(map(fold, names))
        case Signalled():
            return _signalled(condition, facts, now)
        case Bant(asked, answers):
            return all(facts.bant.get(part, "unknown") in answers for part in asked)


def as_wanted(field: str, wanted: Any) -> Any:
    """What a field is compared with: numerals become numbers where the field is one, and what is none
    there equals nothing."""
    if field not in NUMBERS or isinstance(wanted, bool):
        return wanted
    if isinstance(wanted, tuple):
        return tuple(as_wanted(field, one) for one in wanted)
    number = as_number(wanted)
    if number is None:
        return float("nan")
    return round(number, HEAT_PLACES) if field in ("heat", COMPANY_HEAT) else number


def compares(value: Any, op: Op, wanted: Any) -> bool:
    """Whether a value stands to what is wanted as asked. A missing one does only where that is asked."""
    if op is Op.EXISTS:
        return is_missing(value) is not wanted
    return not is_missing(value) and _ASKED[op](value, wanted)


def _value(name: str, facts: Facts, extra: Mapping[str, Any] | None) -> Any:
    found = _walk(name, extra) if extra else None
    if found is not None:
        return found
    match name:
        case "heat":
            return round(facts.heat, HEAT_PLACES)
        case "id":
            return facts.lead_id
        case (
            "owner" | "readiness" | "target_score" | "touches" | "stage" | "temperature" | "grade" | "source"
        ):
            return getattr(facts, name)
        case "timezone":
            return facts.timezone or facts.fields.get(name)
    return facts.fields.get(name)


def _walk(name: str, values: Mapping[str, Any]) -> Any:
    """The value under a dotted name, kept flat ("data.rating") or nested (data, then rating)."""
    if name in values:
        return values[name]
    head, dot, rest = name.partition(".")
    inner = values.get(head)
    return _walk(rest, inner) if dot and isinstance(inner, Mapping) else None


def _held(trait: str, facts: Facts) -> set[str]:
    if trait in _NAMES:
        value = getattr(facts, trait)
        return {fold(value)} if value else set()
    names = {"tag": facts.tags, "segment": facts.segments, "consent": facts.consents}[trait]
    return {fold(name) for name in names}


def _signalled(wanted: Signalled, facts: Facts, now: datetime) -> bool:
    since = now - wanted.within.elapsed if wanted.within else None
    count = 0
    for signal in facts.signals:
        count += (
            signal.kind == wanted.kind
            and (wanted.mail is None or signal.mail == wanted.mail)
            and signal.occurred_at <= now
            and (since is None or signal.occurred_at > since)
        )
        if count >= wanted.at_least:
            return True
    return False


def _equal(value: Any, wanted: Any) -> bool:
    seen = _as(value, wanted)
    return seen is not None and bool(seen == _comparable(wanted))


def _among(value: Any, wanted: Any) -> bool:
    if isinstance(value, MANY):
        return not {as_text(name) for name in wanted}.isdisjoint(map(as_text, value))
    return any(_equal(value, name) for name in wanted)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, MANY):
        return any(as_text(one) == as_text(wanted) for one in value)
    return _matches(value, wanted, str.__contains__)


def _matches(value: Any, wanted: Any, found: Callable[[str, str], bool]) -> bool:
    """By text; false for what holds several."""
    text, part = as_text(value), as_text(wanted)
    return text is not None and part is not None and found(text, part)


def _ordered(value: Any, wanted: Any) -> int | None:
    """Below 0, 0 or above 0 as the value is under, at or over what is wanted; None if they cannot be
    compared."""
    seen = _as(value, wanted)
    other = _comparable(wanted)
    if seen is None or other != other:
        return None
    return int(seen > other) - int(seen < other)


def _over(value: Any, wanted: Any) -> bool:
    return (_ordered(value, wanted) or 0) > 0


def _under(value: Any, wanted: Any) -> bool:
    return (_ordered(value, wanted) or 0) < 0


_ASKED: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: _equal,
    Op.NE: lambda value, wanted: not _equal(value, wanted),
    Op.GT: _over,
    Op.GTE: lambda value, wanted: _over(value, wanted) or _ordered(value, wanted) == 0,
    Op.LT: _under,
    Op.LTE: lambda value, wanted: _under(value, wanted) or _ordered(value, wanted) == 0,
    Op.IN: _among,
    Op.NOT_IN: lambda value, wanted: not _among(value, wanted),
    Op.CONTAINS: _contains,
    Op.STARTS: lambda value, wanted: _matches(value, wanted, str.startswith),
    Op.ENDS: lambda value, wanted: _matches(value, wanted, str.endswith),
}


def _comparable(wanted: Any) -> Any:
    return as_text(wanted) if isinstance(wanted, str) else _as(wanted, wanted)


def _as(value: Any, wanted: Any) -> Any:
    """The value in the type of what is wanted; None when it cannot be read so."""
    if isinstance(wanted, bool):
        return as_bool(value)
    if isinstance(wanted, int | float):
        return as_number(value)
    if isinstance(wanted, datetime):
        return as_instant(value)
    if isinstance(wanted, date):
        return as_date(value)
    return as_text(value)


def first_failing(condition: Condition, facts: Facts, now: datetime) -> Condition | None:
    """The first part of a condition that does not hold; None when all of it does."""
    if holds(condition, facts, now):
        return None
    if isinstance(condition, AllOf):
        return next((f for part in condition.parts if (f := first_failing(part, facts, now))), condition)
    return condition
