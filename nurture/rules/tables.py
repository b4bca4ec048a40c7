"""Reading plain mappings (from a file, the API, a stored version) with every fault at once, by path."""

import math
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from nurture.rules import conditions, duration
from nurture.rules.conditions import Condition, ConditionFault, Fault
from nurture.rules.conditions.faults import Path
from nurture.rules.duration import Duration
from nurture.rules.words import _

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


_Whole = TypeVar("_Whole", bound=int | None)
_Text = TypeVar("_Text", bound=str | None)


class Table:
    """One mapping being read. What was asked for is known; `done` reports everything else."""

    def __init__(self, raw: object, path: Path, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        self.known: list[str] = []
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            faults.append(Fault(path, self._no_mapping()))

    def get(self, name: str) -> Any:
        if name not in self.known:
            self.known.append(name)
        return self.raw.get(name)

    def fault(self, name: str, sentence: str) -> None:
        self.faults.append(Fault((*self.path, name), sentence))

    def expected(self, name: str, what: str) -> None:
        missing = self.raw.get(name) is None
        form = _('"{name}" is missing; expected {what}.') if missing else _('"{name}": expected {what}.')
        self.fault(name, form.format(name=name, what=what))

    def _no_mapping(self) -> str:
        return _("Expected names with values (name: value).")

    def table(self, name: str) -> "Table":
        """The mapping under `name`, empty when absent."""
        raw = self.get(name)
        return Table({} if raw is None else raw, (*self.path, name), self.faults)

    def listed(self, name: str) -> list[Any]:
        raw = self.get(name)
        if raw is not None and not isinstance(raw, list):
            self.expected(name, _("a list"))
        return raw if isinstance(raw, list) else []

    def many(self, name: str) -> list[Any]:
        """A list, or a single value as a list of one."""
        raw = self.get(name)
        if raw is None:
            return []
        return raw if isinstance(raw, list) else [raw]

    def name(self, name: str, default: str | None = None) -> str:
        """A key: small letters, digits, - and _; missing is a fault unless there is a default."""
        raw = self.get(name)
        if raw is None and default is not None:
            return default
        if not isinstance(raw, str) or not NAME.fullmatch(raw):
            self.expected(name, _("a name in small letters, digits, - and _"))
            return ""
        return raw

    def text(self, name: str, default: str = "", *, most: int = 200) -> str:
        raw = self.get(name)
        if raw is None:
            return default
        if not isinstance(raw, str) or not raw.strip() or len(raw) > most:
            self.expected(name, _("a text of at most {count} characters").format(count=most))
            return default
        return raw.strip()

    def flag(self, name: str) -> bool:
        raw = self.get(name)
        if raw is not None and not isinstance(raw, bool):
            self.expected(name, _("true or false"))
        return raw is True

    def number(
        self, name: str, default: float, *, least: float, most: float, required: bool = False
    ) -> float:
        raw = self.get(name)
        if raw is None and not required:
            return default
        right = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
        if not right or not least <= raw <= most:
            self.expected(name, _("a number from {a} to {b}").format(a=f"{least:g}", b=f"{most:g}"))
            return default
        return float(raw)

    def whole(self, name: str, default: _Whole, *, least: int, most: int) -> int | _Whole:
        raw = self.get(name)
        if raw is None:
            return default
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            self.expected(name, _("a whole number from {a} to {b}").format(a=least, b=most))
            return default
        return raw

    def choice(self, name: str, choices: tuple[str, ...], default: _Text) -> str | _Text:
        raw = self.get(name)
        if raw is None:
            return default
        if raw not in choices:
            self.expected(name, _("one of {choices}").format(choices=", ".join(choices)))
            return default
        return str(raw)

    def duration(self, name: str, *, required: bool = False) -> Duration | None:
        """A length of time above zero."""
        raw = self.get(name)
        if raw is None and not required:
            return None
        try:
            length = duration.parse(raw)
        except ValueError as wrong:
            self.fault(name, f'"{name}": {wrong}.')
            return None
        if not length.amount:
            self.expected(name, _("a length of time above zero"))
            return None
        return length

    def condition(self, name: str) -> Condition | None:
        """The condition under `name`; None after a fault, and when absent."""
        raw = self.get(name)
        if raw is None:
            return None
        try:
            return conditions.parse(raw)
        except ConditionFault as wrong:
            path = (*self.path, name)
            self.faults.extend(Fault((*path, *one.path), _sentence(one.sentence)) for one in wrong.faults)
            return None

    def done(self) -> None:
        """Report every name nobody asked for, with what is known."""
        for name in self.raw:
            if name not in self.known:
                self.fault(name, unknown(str(name), self.known))


def unknown(name: str, known: list[str] | tuple[str, ...]) -> str:
    """The sentence for an unknown name: all that are known, and the nearest of them."""
    sentence = _('"{name}" is not known here; known: {known}.').format(name=name, known=", ".join(known))
    return sentence + near(name, known)


def near(name: str, known: Collection[str]) -> str:
    """The question whether the nearest known name was meant, to be put behind a sentence; "" without one."""
    close = get_close_matches(name, known, n=1)
    return _(' Did you mean "{name}"?').format(name=close[0]) if close else ""


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."
