"""What conditions see of a lead and of a company, by name, and the folded form in which it is kept.

Folding, numerals and dates are read by Python alone. So that a database can compare the same way, the
rows of leads and companies carry what Python read: under a name the folded text (a list of them for
several values), under "#name" the number it can be read as, under "@name" the instant, in microseconds
since 1970. What is missing has no entry.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from nurture.rules.conditions.values import MANY, as_instant, as_number, as_text, is_missing
from nurture.rules.folding import fold

PLAIN = (
    "email", "first_name", "last_name", "phone", "role", "buying_role", "language", "timezone",
    "country", "city", "address", "created_at",
)  # fmt: skip
OF_COMPANY = ("name", "size", "industry", "website", "country", "city")
_OF_LEAD = frozenset(PLAIN)
COMPANY, CUSTOM, DATES = "company.", "fields.", "dates."
NUMBER, INSTANT = "#", "@"
_PREFIXES = (COMPANY, CUSTOM, DATES)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def of_lead(
    plain: Mapping[str, Any], custom: Mapping[str, Any] | None, dates: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Fields of the lead itself: plain ones, custom ones as "fields.<name>" and, where neither a plain one
    nor one of those prefixes is in the way, by their bare name, significant dates as "dates.<name>"."""
    said = {name: plain[name] for name in PLAIN if not is_missing(plain.get(name))}
    if not custom and not dates:
        return said
    own = {name: value for name, value in (custom or {}).items() if _is_seen(value)}
    seen = {name: value for name, value in own.items() if not name.startswith(_PREFIXES)}
    seen |= {CUSTOM + name: value for name, value in own.items()}
    seen |= {DATES + name: value for name, value in (dates or {}).items() if _is_seen(value)}
    return seen | said


def of_company(plain: Mapping[str, Any], custom: Mapping[str, Any] | None) -> dict[str, Any]:
    """Fields of a company, without the "company." that leads see before them."""
    seen = {name: value for name, value in (custom or {}).items() if _is_seen(value)}
    return seen | {name: plain[name] for name in OF_COMPANY if not is_missing(plain.get(name))}


def kept_name(name: str) -> str:
    """The entry under which a name of the lead's own fields is kept; bare custom names are kept once."""
    return name if name in PLAIN or name.startswith((CUSTOM, DATES)) else CUSTOM + name


def folded(seen: Mapping[str, Any]) -> dict[str, Any]:
    """The folded form of what `of_lead` or `of_company` gave; plain JSON."""
    kept: dict[str, Any] = {}
    for name, value in seen.items():
        _keep(kept, name, value)
    return kept


def folded_lead(
    plain: Mapping[str, Any], custom: Mapping[str, Any] | None, dates: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The folded form of a lead's own fields: those that `of_lead` sees and that are not kept under another
    name (`kept_name`)."""
    kept: dict[str, Any] = {}
    for name, value in (custom or {}).items():
        if _is_seen(value):
            _keep(kept, CUSTOM + name, value)
            if name in _OF_LEAD and is_missing(plain.get(name)):
                _keep(kept, name, value)
    for name, value in (dates or {}).items():
        if _is_seen(value):
            _keep(kept, DATES + name, value)
    for name in PLAIN:
        value = plain.get(name)
        if type(value) is str:  # as most are
            if value and not value.isspace():
                _keep(kept, name, value)
        elif value is not None and not is_missing(value):
            _keep(kept, name, value)
    return kept


def _keep(kept: dict[str, Any], name: str, value: Any) -> None:
    """Put the folded form of one value there, under each of its names."""
    if type(value) in (str, datetime):  # which come again with many leads
        text, number, moment = _read_again(value)
    elif isinstance(value, MANY):
        kept[name] = [as_text(one) for one in value]
        return
    else:
        text, number, moment = _read(value)
    kept[name] = text
    if number is not None:
        kept[NUMBER + name] = number
    if moment is not None:
        kept[INSTANT + name] = moment


def _read(value: Any) -> tuple[str | None, float | None, int | None]:
    """A value as text, as number and as instant in microseconds."""
    text = as_text(value)
    if isinstance(value, str) and value.lstrip()[:1] not in _FIRSTS:
        return text, None, None
    moment = as_instant(value)
    return text, as_number(value), None if moment is None else microseconds(moment)


_read_again = lru_cache(maxsize=16_384)(_read)


def folded_names(names: Iterable[str]) -> list[str]:
    """Tags and the like, folded, each once."""
    return list(dict.fromkeys(map(fold, names)))


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def _is_seen(value: Any) -> bool:
    """Texts, numbers, true and false, dates, and lists of those."""
    if isinstance(value, MANY):
        return bool(value) and not any(one is None or isinstance(one, (*MANY, Mapping)) for one in value)
    return not isinstance(value, Mapping) and not is_missing(value)


# Numerals and dates of ISO 8601 begin with one of these: most texts need not be tried.
_FIRSTS = frozenset("+-0123456789")
