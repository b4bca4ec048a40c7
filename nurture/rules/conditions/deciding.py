"""Whether a condition holds for a lead at a moment."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from nurture.rules.conditions.reading import aware, instant
from nurture.rules.conditions.tree import AllOf, AnyOf, Bant, Compare, Condition, Not, OneOf, Op, Signalled
from nurture.rules.facts import Facts
from nurture.rules.folding import fold

_NUMERAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_OF_THE_LEAD = (
    "stage",
    "temperature",
    "heat",
    "grade",
    "readiness",
    "source",
    "owner",
    "touches",
    "timezone",
)
_NAMES = ("stage", "temperature", "grade", "source")


def holds(condition: Condition, facts: Facts, now: datetime, extra: Mapping[str, Any] | None = None) -> bool:
    """True or false, never in between. `extra` adds names for this one question, such as `data` of
    the signal that is being judged; they win over the lead's own."""
    match condition:
        case AllOf(parts):
            return all(holds(part, facts, now, extra) for part in parts)
        case AnyOf(parts):
            return any(holds(part, facts, now, extra) for part in parts)
        case Not(part):
            return not holds(part, facts, now, extra)
        case Compare(field, op, wanted):
            return _compares(_value(field, facts, extra), op, wanted)
        case OneOf(trait, names):
            return not _held(trait, facts).isdisjoint(map(fold, names))
        case Signalled():
            return _signalled(condition, facts, now)
        case Bant(asked, answers):
            return all(facts.bant.get(part, "unknown") in answers for part in asked)


def _value(name: str, facts: Facts, extra: Mapping[str, Any] | None) -> Any:
    found = _walk(name, extra) if extra else None
    if found is not None:
        return found
    if name in _OF_THE_LEAD:
        return getattr(facts, name)
    if name == "id":
        return facts.lead_id
    return _walk(name, facts.fields)


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


def _compares(value: Any, op: Op, wanted: Any) -> bool:
    missing = _is_missing(value)
    if op is Op.EXISTS:
        return missing is not wanted
    return not missing and _ASKED[op](value, wanted)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], (), {})


def _equal(value: Any, wanted: Any) -> bool:
    seen = _as(value, wanted)
    return seen is not None and bool(seen == _comparable(wanted))


def _among(value: Any, wanted: Any) -> bool:
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return any(_equal(one, name) for one in values for name in wanted)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, list | tuple | set | frozenset):
        return any(_equal(one, wanted) for one in value)
    return _text(wanted) in _text(value)


def _ordered(value: Any, wanted: Any) -> int | None:
    """Below 0, 0 or above 0 as the value is under, at or over what is wanted; None if they cannot be
    compared."""
    seen = _as(value, wanted)
    if seen is None:
        return None
    other = _comparable(wanted)
    return int(seen > other) - int(seen < other)


def _under(value: Any, wanted: Any) -> bool:
    order = _ordered(value, wanted)
    return order is not None and order < 0


def _over(value: Any, wanted: Any) -> bool:
    order = _ordered(value, wanted)
    return order is not None and order > 0


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
    Op.STARTS: lambda value, wanted: _text(value).startswith(_text(wanted)),
    Op.ENDS: lambda value, wanted: _text(value).endswith(_text(wanted)),
}


def _comparable(wanted: Any) -> Any:
    return fold(wanted.strip()) if isinstance(wanted, str) else wanted


def _as(value: Any, wanted: Any) -> Any:
    """The value in the type of what is wanted; None when it cannot be read so."""
    if isinstance(wanted, bool):
        return _as_bool(value)
    if isinstance(wanted, int | float):
        return _as_number(value)
    if isinstance(wanted, datetime):
        return _as_instant(value)
    if isinstance(wanted, date):
        return _as_date(value)
    return None if isinstance(value, list | tuple | set | frozenset | dict) else _text(value)


def _as_bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(_text(value)) if isinstance(value, str) else None


def _as_number(value: Any) -> int | float | Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, str) and _NUMERAL.fullmatch(value.strip()):
        return float(value)
    return None


def _as_instant(value: Any) -> datetime | None:
    found = instant(value) if isinstance(value, str) else value
    if isinstance(found, datetime):
        return aware(found)
    return datetime(found.year, found.month, found.day, tzinfo=UTC) if isinstance(found, date) else None


def _as_date(value: Any) -> date | None:
    found = _as_instant(value)
    return None if found is None else found.date()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return fold(value.isoformat() if isinstance(value, date) else str(value).strip())
