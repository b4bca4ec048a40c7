"""What a field is compared with, read by the operator that asks."""

import math
import re
from datetime import date, datetime

from nurture.rules.conditions.faults import Fault, Path, note_fault, read_name
from nurture.rules.conditions.tree import ORDERING, Op, Scalar
from nurture.rules.conditions.values import aware, instant
from nurture.rules.words import _

_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+([Zz]|[+-][0-9:]+)?)?")
_TOO_LARGE = 10**300  # what double precision still holds


def read_wanted(op: Op, raw: object, path: Path, faults: list[Fault]) -> Scalar | tuple[Scalar, ...] | None:
    if op in (Op.IN, Op.NOT_IN):
        return _listed(raw, path, faults)
    if op is Op.EXISTS:
        return _flag(raw, path, faults)
    if op in ORDERING:
        return _ordered(raw, path, faults)
    if op in (Op.STARTS, Op.ENDS):
        return read_name(raw, path, faults)
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
    note_fault(faults, path, _("expected true or false"))
    return None


def _listed(raw: object, path: Path, faults: list[Fault]) -> tuple[Scalar, ...] | None:
    if not isinstance(raw, list | tuple) or not raw:
        note_fault(faults, path, _("expected a list of values"))
        return None
    values = [_dated(_scalar(value, (*path, at), faults)) for at, value in enumerate(raw)]
    return tuple(value for value in values if value is not None)


def _ordered(raw: object, path: Path, faults: list[Fault]) -> Scalar | None:
    value = instant(raw) if isinstance(raw, str) else _scalar(raw, path, [])
    if value is None or isinstance(value, bool | str):
        note_fault(faults, path, _("expected a number or a date such as 2026-05-31"))
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
    note_fault(faults, path, _("expected a text, a number, true, false or a date"))
    return None
