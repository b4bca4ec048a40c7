"""A model as a form: rows of fields from its plain form, and the plain form again from what was sent.

Nothing is judged here: what was typed goes into the draft as it is, and its reading finds every fault. The
fields are called by their place (`readiness.rise`), those of rows by their list and number (`s.3.weight`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nurture.errors import Invalid
from nurture.files import conditions as texts
from nurture.rules.conditions import ConditionFault, describe, parse, unparse

SIGNALS, RULES, NEEDS, ALWAYS = "s", "r", "n", "a"
SIGNAL_FIELDS = ("kind", "when", "weight", "cap", "floor", "floor_for")
RULE_FIELDS = ("when", "points", "text")
NEED_FIELDS = ("when", "share", "text")
PLAIN = (
    "half_life",
    "temperature.warm.rise",
    "temperature.warm.fall",
    "temperature.hot.rise",
    "temperature.hot.fall",
    "scorecard.grades.A",
    "scorecard.grades.B",
    "readiness.rise",
    "readiness.fall",
    "readiness.cool_down_days",
    "readiness.parts.need",
    "readiness.parts.activity",
    "readiness.parts.data",
    "readiness.parts.bant",
    "readiness.require.temperature",
    "readiness.require.grade",
    "readiness.data.grades.A",
    "readiness.data.grades.B",
    "readiness.data.grades.C",
    "readiness.data.fields",
)
_TEXTS = frozenset({"half_life", "readiness.require.temperature", "readiness.require.grade"})
_FIELDS = "readiness.data.fields"
# Faults of several fields together stand below them.
_GROUPS = frozenset({"readiness.parts"})
_NUMBER = re.compile(r"-?\d{1,9}([.,]\d{1,6})?")
_MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list. `name` begins the names of its fields, `place` is where it stands in the plain form;
    `condition` its plain condition if it can be read, `sentence` that in words."""

    name: str
    place: str
    values: Mapping[str, str]
    condition: Mapping[str, Any] | None = None
    sentence: str = ""


@dataclass(slots=True)
class Form:
    """All fields of a model. `errors` are by the names of the form; `elsewhere` are those of no field."""

    values: dict[str, str] = field(default_factory=dict)
    signals: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    needs: list[Row] = field(default_factory=list)
    always: list[Row] = field(default_factory=list)
    has_card: bool = True
    errors: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)

    @property
    def rows(self) -> Iterator[Row]:
        yield from (*self.signals, *self.rules, *self.needs, *self.always)

    def row_of(self, name: str) -> Row | None:
        """The row that a field stands in, if it stands in one."""
        return next((row for row in self.rows if name.startswith(f"{row.name}.")), None)


def of_spec(spec: Mapping[str, Any], faults: Mapping[str, Sequence[str]]) -> Form:
    """The form of a plain model, with its faults where they belong."""
    form = Form(
        values={name: _shown(_at(spec, name)) for name in PLAIN},
        signals=list(_signal_rows(_table(spec.get("signals")))),
        rules=list(_rows(RULES, "scorecard.rules", _at(spec, "scorecard.rules"), RULE_FIELDS)),
        needs=list(_rows(NEEDS, "readiness.need", _at(spec, "readiness.need"), NEED_FIELDS)),
        always=list(_always(_at(spec, "readiness.always"))),
        has_card=spec.get("scorecard") is not None,
    )
    for place, sentences in faults.items():
        _put_fault(form, place, list(sentences))
    return form


def to_spec(key: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """The plain model that a form says; `sent` holds the fields by name."""
    spec: dict[str, Any] = {"model": key, "half_life": sent.get("half_life", "").strip()}
    spec["signals"] = _signals(list(_sent(sent, SIGNALS, SIGNAL_FIELDS)))
    spec["temperature"] = {
        name: {edge: _number(sent.get(f"temperature.{name}.{edge}", "")) for edge in ("rise", "fall")}
        for name in ("warm", "hot")
    }
    if sent.get("has_card"):
        spec["scorecard"] = {
            "grades": {letter: _number(sent.get(f"scorecard.grades.{letter}", "")) for letter in ("A", "B")},
            "rules": [_rule(row, "points") for row in _sent(sent, RULES, RULE_FIELDS)],
        }
    spec["readiness"] = _readiness(sent)
    return spec


def _readiness(sent: Mapping[str, str]) -> dict[str, Any]:
    def number(name: str) -> Any:
        return _number(sent.get(f"readiness.{name}", ""))

    require = {name: sent.get(f"readiness.require.{name}", "") for name in ("temperature", "grade")}
    fields = [name.strip() for name in sent.get(_FIELDS, "").split(",")]
    beside = {"cool_down_days": number("cool_down_days")} if sent.get("readiness.cool_down_days") else {}
    return beside | {
        "rise": number("rise"),
        "fall": number("fall"),
        "parts": {name: number(f"parts.{name}") for name in ("need", "activity", "data", "bant")},
        "require": {name: value for name, value in require.items() if value},
        "always": [_condition(row["when"]) for row in _sent(sent, ALWAYS, ("when",))],
        "need": [_rule(row, "share") for row in _sent(sent, NEEDS, NEED_FIELDS)],
        "data": {
            "grades": {letter: number(f"data.grades.{letter}") for letter in ("A", "B", "C")},
            "fields": [name for name in fields if name],
        },
    }


def _sent(sent: Mapping[str, str], group: str, fields: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of a list in the order of their numbers; one whose fields are all empty is none."""
    numbers = {name.split(".")[1] for name in sent if name.startswith(f"{group}.") and name.count(".") == 2}
    for number in sorted(int(one) for one in numbers if one.isascii() and one.isdigit())[:_MOST_ROWS]:
        row = {name: sent.get(f"{group}.{number}.{name}", "").strip() for name in fields}
        if any(row.values()):
            yield row


def _signals(rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Rows of one kind are its alternatives, in their order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        said: dict[str, Any] = {} if not row["when"] else {"when": _condition(row["when"])}
        said["weight"] = _number(row["weight"])
        if row["cap"]:
            said["cap"] = _number(row["cap"])
        said |= {name: row[name] for name in ("floor", "floor_for") if row[name]}
        found.setdefault(row["kind"], []).append(said)
    return {
        kind: said[0] if len(said) == 1 and "when" not in said[0] else said for kind, said in found.items()
    }


def _rule(row: Mapping[str, str], worth: str) -> dict[str, Any]:
    return {"when": _condition(row["when"]), worth: _number(row[worth]), "text": row["text"]}


def _condition(written: str) -> Any:
    """The plain condition of a text; the text itself where it cannot be read."""
    try:
        return texts.read(written)
    except Invalid:
        return written


def _number(written: str) -> Any:
    """A number where one was typed, with a point or a comma; else the text, None for nothing."""
    text = written.strip().replace("−", "-")
    if not _NUMBER.fullmatch(text):
        return text or None
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number


def _at(spec: Any, place: str) -> Any:
    for name in place.split("."):
        spec = spec.get(name) if isinstance(spec, Mapping) else None
    return spec


def _table(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _signal_rows(signals: Mapping[str, Any]) -> Iterator[Row]:
    """What is worth most first: the database does not keep the order in which they were written."""
    number = 0
    for kind, given in sorted(signals.items(), key=lambda pair: _most(pair[1])):
        alternatives = given if isinstance(given, list) and given else [given]
        for at, one in enumerate(alternatives):
            place = f"signals.{kind}[{at}]" if isinstance(given, list) else f"signals.{kind}"
            values = _values(_table(one), SIGNAL_FIELDS) | {"kind": str(kind)}
            yield _row(f"{SIGNALS}.{number}", place, values, _table(one).get("when"))
            number += 1


def _most(given: Any) -> tuple[bool, float]:
    worth = [_table(one).get("weight") for one in (given if isinstance(given, list) else [given])]
    known = [-float(one) for one in worth if isinstance(one, int | float)]
    return (not known, min(known, default=0.0))


def _rows(group: str, place: str, raw: Any, fields: Iterable[str]) -> Iterator[Row]:
    for number, one in enumerate(raw if isinstance(raw, list) else []):
        table = _table(one)
        yield _row(f"{group}.{number}", f"{place}[{number}]", _values(table, fields), table.get("when"))


def _always(raw: Any) -> Iterator[Row]:
    for number, one in enumerate(raw if isinstance(raw, list) else []):
        yield _row(f"{ALWAYS}.{number}", f"readiness.always[{number}]", {}, one)


def _values(table: Mapping[str, Any], fields: Iterable[str]) -> dict[str, str]:
    return {name: _shown(table.get(name)) for name in fields if name != "when"}


def _row(name: str, place: str, values: Mapping[str, str], when: Any) -> Row:
    if not isinstance(when, Mapping):
        return Row(name, place, {**values, "when": _shown(when)})
    try:
        condition = parse(when)
    except ConditionFault:
        return Row(name, place, {**values, "when": texts.write(when)})
    plain = unparse(condition)
    return Row(name, place, {**values, "when": texts.write(plain)}, plain, describe(condition))


def _put_fault(form: Form, place: str, sentences: list[str]) -> None:
    if place in form.values or place in _GROUPS:
        form.errors.setdefault(place, []).extend(sentences)
        return
    inside = [row for row in form.rows if _is_in(place, row.place)]
    row = max(inside, key=lambda one: len(one.place), default=None)
    if row is None:
        form.elsewhere += [f"{place}: {sentence}" if place else sentence for sentence in sentences]
        return
    rest = place[len(row.place) :].lstrip(".")
    name = re.split(r"[.\[]", rest)[0] or ("kind" if row.name.startswith(f"{SIGNALS}.") else "when")
    known = name if name in SIGNAL_FIELDS + RULE_FIELDS + NEED_FIELDS and rest else _whole(row)
    form.errors.setdefault(f"{row.name}.{known}", []).extend(sentences)


def _whole(row: Row) -> str:
    return "kind" if row.name.startswith(f"{SIGNALS}.") else "when"


def _is_in(place: str, whole: str) -> bool:
    return place == whole or place.startswith((f"{whole}.", f"{whole}["))
