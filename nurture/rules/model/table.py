"""Reading the mappings of a model. Faults are shown behind their path: the sentences need not name it."""

import re

from nurture.rules import conditions, duration
from nurture.rules.conditions import Condition, ConditionFault, Fault
from nurture.rules.conditions.faults import Path
from nurture.rules.duration import Duration
from nurture.rules.tables import Table
from nurture.rules.words import _

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
SHORTEST = Duration(1, "h")


class ModelTable(Table):
    """One mapping of a model being read."""

    def expected(self, name: str, what: str) -> None:
        missing = self.raw.get(name) is None
        form = _("missing; expected {what}") if missing else _("expected {what}")
        self.fault(name, form.format(what=what))

    def _no_mapping(self) -> str:
        return _("expected names with values (name: value)")

    def table(self, name: str, *, required: bool = False) -> "ModelTable":
        """The mapping under `name`; what a missing one lacks is not told as well."""
        raw = self.get(name)
        if raw is None and required:
            self.expected(name, _("names with values (name: value)"))
        return ModelTable({} if raw is None else raw, (*self.path, name), [] if raw is None else self.faults)

    def tables(self, name: str) -> list["ModelTable"]:
        """The list of mappings under `name`."""
        return [
            ModelTable(raw, (*self.path, name, at), self.faults) for at, raw in enumerate(self.listed(name))
        ]

    def names(self, name: str) -> tuple[str, ...]:
        """The list of texts under `name`."""
        given = self.listed(name)
        if any(not isinstance(one, str) or not one for one in given):
            self.expected(name, _("a list of names"))
        return tuple(str(one) for one in given)

    def name(self, name: str, default: str | None = None) -> str:
        """A key: a small letter, then small letters, digits, - and _."""
        raw = self.get(name)
        if raw is None and default is not None:
            return default
        if not isinstance(raw, str) or not NAME.fullmatch(raw):
            self.expected(name, _("a name in small letters, digits, - and _"))
        return str(raw)

    def text(self, name: str, default: str = "", *, most: int = 500) -> str:
        """A text as it stands, blanks too."""
        raw = self.get(name)
        if raw is not None and (not isinstance(raw, str) or len(raw) > most):
            self.expected(name, _("a text of at most {count} characters").format(count=most))
        return raw if isinstance(raw, str) else default

    def duration(self, name: str, *, required: bool = False) -> Duration | None:
        """A length of time; after a fault the shortest, so that only one fault is told."""
        raw = self.get(name)
        if raw is None and not required:
            return None
        try:
            return duration.parse(raw)
        except ValueError as wrong:
            self.fault(name, str(wrong))
            return SHORTEST

    def condition(self, name: str) -> Condition | None:
        """The condition under `name`; None after a fault, and a missing one is a fault."""
        return self._condition(self.get(name), (*self.path, name))

    def conditions(self, name: str) -> tuple[Condition, ...]:
        """Those of the list under `name` that can be read."""
        every = enumerate(self.listed(name))
        found = [self._condition(raw, (*self.path, name, at)) for at, raw in every]
        return tuple(condition for condition in found if condition is not None)

    def _condition(self, raw: object, path: Path) -> Condition | None:
        try:
            return conditions.parse(raw)
        except ConditionFault as wrong:
            self.faults.extend(Fault((*path, *fault.path), fault.sentence) for fault in wrong.faults)
            return None
