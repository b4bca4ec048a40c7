"""Two versions of a program side by side: settings, steps and words that differ.

Works on the plain form (a stored version, a draft that reads), so that every setting is compared by the name
under which it is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nurture.rules.edits.order import kept_in_order, merged
from nurture.rules.edits.words import Piece, compared
from nurture.rules.program import TEMPERATURES
from nurture.rules.program.keys import inner, kind_of

SAME, ADDED, REMOVED, MOVED, CHANGED = "same", "added", "removed", "moved", "changed"
_WORDS = ("subject", "preheader", "body")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting by its dotted name, as it was and as it is; None: not said."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class StepDiff:
    """A step, or the way that leads to the next ones (`way`), so many levels deep. `state` is same, added,
    removed, moved or changed; one that is moved and changed is moved and has settings."""

    key: str
    kind: str
    depth: int
    state: str
    settings: tuple[Setting, ...] = ()
    way: str = ""


@dataclass(frozen=True, slots=True)
class ChainDiff:
    """The chain of one temperature. `settings` are those beside its steps."""

    temperature: str
    state: str
    settings: tuple[Setting, ...]
    steps: tuple[StepDiff, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """One text of a mail, word by word."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class MailDiff:
    """A mail in one of its languages ("welcome", "welcome.ru"), and what of it differs."""

    key: str
    state: str
    settings: tuple[Setting, ...]
    words: tuple[Words, ...]


@dataclass(frozen=True)
class Difference:
    """Everything that differs; `chains` holds every chain of both, same steps too."""

    settings: tuple[Setting, ...]
    chains: tuple[ChainDiff, ...]
    mails: tuple[MailDiff, ...] = field(default=())

    def steps(self, state: str) -> list[StepDiff]:
        """The steps of all chains in this state; those both moved and changed count as both."""
        every = [step for chain in self.chains for step in chain.steps if not step.way]
        if state == CHANGED:
            return [
                step for step in every if step.state == CHANGED or (step.state == MOVED and step.settings)
            ]
        return [step for step in every if step.state == state]

    @property
    def count(self) -> int:
        """How many things differ, as a person counts them."""
        chains = sum(len(chain.settings) for chain in self.chains if chain.state == CHANGED)
        ways = sum(1 for chain in self.chains for step in chain.steps if step.way and step.state == CHANGED)
        steps = sum(len(self.steps(state)) for state in (ADDED, REMOVED, MOVED))
        steps += sum(
            1 for chain in self.chains for one in chain.steps if not one.way and one.state == CHANGED
        )
        return len(self.settings) + chains + ways + steps + len(self.mails)


Mail = Mapping[str, Any]


def compare(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    mails_before: Mapping[str, Mail] | None = None,
    mails_after: Mapping[str, Mail] | None = None,
) -> Difference:
    """The difference of two plain programs and of their mails, each by key as its plain settings and words.
    Chains and steps that cannot be read are left out."""
    return Difference(
        settings=_settings(_but(before, "chains"), _but(after, "chains")),
        chains=tuple(_chains(_table(before.get("chains")), _table(after.get("chains")))),
        mails=tuple(_mails(mails_before or {}, mails_after or {})),
    )


def _chains(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ChainDiff]:
    for name in TEMPERATURES:
        if name not in before and name not in after:
            continue
        old, new = _table(before.get(name)), _table(after.get(name))
        steps = tuple(_steps(old.get("steps"), new.get("steps")))
        settings = _settings(_but(old, "steps"), _but(new, "steps"))
        state = ADDED if name not in before else REMOVED if name not in after else SAME
        if state == SAME and (settings or any(step.state != SAME for step in steps)):
            state = CHANGED
        yield ChainDiff(name, state, settings, steps)


@dataclass(frozen=True, slots=True)
class _Line:
    """A step or a way as it stands in one version; `inside` names what it stands in."""

    id: str
    key: str
    kind: str
    depth: int
    inside: str
    own: Mapping[str, Any]
    way: str = ""


def _steps(before: object, after: object) -> Iterator[StepDiff]:
    old, new = _by_id(before), _by_id(after)
    stay = kept_in_order([one for one in old if one in new], [one for one in new if one in old])
    for name, is_new in merged(list(old), list(new), stay):
        line = new[name] if is_new else old[name]
        state = SAME
        settings: tuple[Setting, ...] = ()
        if name not in old:
            state = ADDED
        elif name not in new:
            state = REMOVED
        else:
            settings = _settings(old[name].own, new[name].own)
            moved = name not in stay or old[name].inside != new[name].inside
            state = MOVED if moved and not line.way else CHANGED if settings else SAME
        yield StepDiff(line.key, line.kind, line.depth, state, settings, line.way)


def _by_id(raw_steps: object) -> dict[str, _Line]:
    return {line.id: line for line in _lines(raw_steps, 0, "")}


def _lines(raw_steps: object, depth: int, inside: str) -> Iterator[_Line]:
    for raw in raw_steps if isinstance(raw_steps, list) else []:
        if not isinstance(raw, Mapping):
            continue
        key, kind = str(raw.get("key", "")), kind_of(raw) or ""
        blocks = list(inner(raw))
        yield _Line(key, key, kind, depth, inside, _own(raw, [path for path, _steps in blocks]))
        for path, steps in blocks:
            way = ".".join(str(part) for part in path if part != "steps")
            name = f"{key}/{way}"
            yield _Line(name, key, kind, depth + 1, inside, _deciding(raw, path), way=way)
            yield from _lines(steps, depth + 1, name)


def _own(raw: Mapping[str, Any], blocks: Sequence[Sequence[str | int]]) -> dict[str, Any]:
    """What a step says itself: neither its key nor the steps inside it, nor what decides its ways."""
    inside = {str(path[0]) for path in blocks}
    return {name: value for name, value in raw.items() if name != "key" and name not in inside}


def _deciding(raw: Mapping[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """What leads to a way, where that is said beside its steps."""
    if len(path) < 2:
        return {}
    holder: Any = raw
    for part in path[:-1]:
        holder = holder[part]
    return _but(holder, "steps") if isinstance(holder, Mapping) else {}


def _settings(before: Mapping[str, Any], after: Mapping[str, Any], under: str = "") -> tuple[Setting, ...]:
    """What differs, one level of names deeper where both are tables that are no conditions."""
    found: list[Setting] = []
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        dotted = f"{under}{name}"
        if isinstance(old, Mapping) and isinstance(new, Mapping) and name != "when":
            found += _settings(old, new, f"{dotted}.")
        else:
            found.append(Setting(dotted, old, new))
    return tuple(found)


def _mails(before: Mapping[str, Mail], after: Mapping[str, Mail]) -> Iterator[MailDiff]:
    for key in sorted({**before, **after}):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        state = ADDED if old is None else REMOVED if new is None else CHANGED
        first, second = old or {}, new or {}
        words = tuple(
            Words(name, compared(str(first.get(name, "")), str(second.get(name, ""))))
            for name in _WORDS
            if first.get(name, "") != second.get(name, "")
        )
        yield MailDiff(key, state, _settings(_but(first, *_WORDS), _but(second, *_WORDS)), words)


def _but(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in names}


def _table(raw: object) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}
