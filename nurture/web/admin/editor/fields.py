"""The fields of a step, a chain or a program as a form, and what was typed there as plain values.

Forms are made from the description of the language (rules/program/kinds). What does not say what it should
is kept as it was typed: the draft shows the fault where the person looks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from nurture.errors import Invalid
from nurture.files import conditions as texts
from nurture.files.yaml_lines import Faults, read_yaml
from nurture.rules.program.kinds import Field
from nurture.rules.timing import WEEKDAYS

Form = MultiDict[str, str]
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,15}([.,][0-9]{1,6})?")
_LISTS = ("signals", "names", "tags", "addresses", "holidays")


@dataclass(frozen=True)
class Box:
    """A field with what it says now: `text` as typed, `chosen` for several, `plain` for conditions."""

    field: Field
    id: str
    text: str
    chosen: tuple[str, ...]
    on: bool
    plain: Any


def boxes(fields: Sequence[Field], plain: Mapping[str, Any]) -> list[Box]:
    """Every field with its present value."""
    return [_box(field, value_at(plain, field.at)) for field in fields]


def taken(fields: Sequence[Field], form: Form, plain: Mapping[str, Any], shape: str = "") -> dict[str, Any]:
    """`plain` with what the form says in place of its own; fields of other forms of the step are left out.
    Raises Invalid for a text that cannot be read at all (a condition, JSON), by the id of its field."""
    made: dict[str, Any] = json.loads(json.dumps(plain))
    for field in fields:
        belongs = not field.form or not shape or field.form == shape
        value = _read(field, form) if belongs else None
        _put(made, field.at, value)
    return made


def value_at(plain: Any, at: Sequence[str]) -> Any:
    for name in at:
        plain = plain.get(name) if isinstance(plain, Mapping) else None
    return plain


def shape_of(fields: Sequence[Field], plain: Mapping[str, Any], forms: Sequence[tuple[str, str]]) -> str:
    """Which of the exclusive forms of a step it is said in."""
    for name, _words in forms[1:]:
        if any(field.form == name and value_at(plain, field.at) is not None for field in fields):
            return name
    return forms[0][0] if forms else ""


def box_id(field: Field) -> str:
    return "f." + ".".join(field.at)


def _box(field: Field, value: Any) -> Box:
    return Box(
        field=field,
        id=box_id(field),
        text=_written(field, value),
        chosen=_days(value) if field.type == "weekdays" else _many(value),
        on=value is True,
        plain=value if isinstance(value, Mapping) else None,
    )


def _written(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if field.type == "condition":
        return texts.write(value) if isinstance(value, Mapping) else str(value)
    if field.type == "weights" and isinstance(value, Mapping):
        return ", ".join(f"{name}: {weight}" for name, weight in value.items())
    if field.type in ("json", "amount") and not isinstance(value, str):
        return (
            json.dumps(value, ensure_ascii=False, indent=1) if field.type == "json" else texts.inline(value)
        )
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _many(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, value))
    return (value,) if isinstance(value, str) else ()


def _days(value: Any) -> tuple[str, ...]:
    """Single weekdays of "mon-fri" or [tue, thu]."""
    found: list[str] = []
    for part in ",".join(map(str, value if isinstance(value, list) else [value or ""])).split(","):
        first, _dash, last = part.strip().partition("-")
        if first in WEEKDAYS:
            start, end = WEEKDAYS.index(first), WEEKDAYS.index(last if last in WEEKDAYS else first)
            found += [WEEKDAYS[day % 7] for day in range(start, end + 1 if end >= start else end + 8)]
    return tuple(found)


def _read(field: Field, form: Form) -> Any:
    name = box_id(field)
    if field.type == "flag":
        on = bool(form.get(name))
        return None if on == (field.default is True) else on
    if field.type == "weekdays":
        days = [day for day in WEEKDAYS if day in form.getlist(name)]
        return _as_days(days) if field.name == "days" else days or None
    if field.type == "choices":
        chosen = [one for one in field.choices if one in form.getlist(name)]
        return None if chosen == field.default else chosen
    said = form.get(name, "").strip()
    if not said:
        return None
    return _one(field, name, said)


def _one(field: Field, name: str, said: str) -> Any:
    if field.type == "condition":
        return _condition(name, said)
    if field.type in ("whole", "percent", "number"):
        return _number(said)
    if field.type in _LISTS:
        parts = [part.strip() for part in said.split(",") if part.strip()]
        return parts[0] if len(parts) == 1 and field.type != "tags" else parts
    if field.type in ("weights", "json", "amount"):
        return _structure(field, name, said)
    if field.type == "value":
        return {"true": True, "false": False}.get(said, _number(said))
    return said.replace("\r\n", "\n")


def _as_days(days: list[str]) -> Any:
    if not days:
        return None
    numbers = [WEEKDAYS.index(day) for day in days]
    run = numbers == list(range(numbers[0], numbers[-1] + 1))
    return f"{days[0]}-{days[-1]}" if run and len(days) > 2 else days


def _number(said: str) -> Any:
    if _WHOLE.fullmatch(said):
        return int(said)
    return float(said.replace(",", ".")) if _NUMBER.fullmatch(said) else said


def _condition(name: str, said: str) -> Any:
    try:
        return texts.read(said)
    except Invalid as fault:
        raise Invalid(str(fault), {name: fault.errors["condition"]}) from fault


def _structure(field: Field, name: str, said: str) -> Any:
    written = f"{{{said}}}" if field.type == "weights" and not said.startswith("{") else said
    faults = Faults(field.label)
    node = read_yaml(written, faults)
    if node is None or faults.faults:
        raise Invalid(str(faults.faults[0]), {name: [str(one) for one in faults.faults]})
    return node.plain()


def _put(plain: dict[str, Any], at: Sequence[str], value: Any) -> None:
    """Say a value at its place, or nothing there; tables left empty go too, but for the step's own."""
    holder: Any = plain
    for name in at[:-1]:
        if not isinstance(holder.get(name), dict):
            if value is None:
                return
            holder[name] = {}
        holder = holder[name]
    if value is None:
        holder.pop(at[-1], None)
    else:
        holder[at[-1]] = value
    if len(at) == 2 and not holder and at[0] in ("window", "frequency", "goal", "enter", "reentry"):
        plain.pop(at[0], None)
    if len(at) == 3 and not holder:
        plain.get(at[0], {}).pop(at[1], None)
