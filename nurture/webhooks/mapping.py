"""A message in the shape another program wants: a mapping, written as JSON whose texts are templates.

The shape is that of the mapping; a text that is one expression (`"{{ data.heat }}"`) becomes the value
itself, any other text a text. Two marks change the shape:

    {"$if": "{{ data.lead.phone }}", "$then": …, "$else": …}   the one or the other; without "$else" nothing
    {"$each": "{{ data.recent_signals }}", "$do": {…item…}}    a list, `item` in the place of each

What the templates may do is for `Texts` to say. Size and work are bounded here: so many parts, so deep, lists
of a hundred at most, so many octets.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from nurture.errors import Invalid
from nurture.rules.words import _

LONGEST = 20_000
MOST_PARTS = 300
DEEPEST = 12
LONGEST_LIST = 100
MOST_BYTES = 64 * 1024

_IF, _THEN, _ELSE, _EACH, _DO = "$if", "$then", "$else", "$each", "$do"
_MARKS = frozenset({_IF, _THEN, _ELSE, _EACH, _DO})
# What a preset leaves for a person to fill in.
_YOURS = "YOUR_"


class Texts(Protocol):
    """The language of the texts in a mapping."""

    def faults(self, text: str, *, repeated: bool) -> Sequence[str]:
        """What is wrong with a text; `repeated` inside "$do", where `item` is known."""

    def value(self, text: str, names: Mapping[str, Any]) -> Any:
        """What a text becomes: a plain JSON value. Raises Invalid."""


@dataclass(frozen=True)
class Fault:
    """`place` is the way to the part, such as `fields[2].value`; empty for the whole."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


class _Nothing:
    """What a "$if" without "$else" leaves: its place in the list or object goes too."""


def parse(text: str, texts: Texts) -> Any:
    """The mapping as plain values; raises Invalid with every fault under `mapping`."""
    if len(text) > LONGEST:
        _refuse([Fault("", _("The mapping is longer than %(most)s characters.") % {"most": LONGEST})])
    try:
        tree = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except json.JSONDecodeError as fault:
        words = {"line": fault.lineno, "column": fault.colno, "what": fault.msg}
        _refuse([Fault("", _("Line %(line)s, column %(column)s is not JSON: %(what)s.") % words)])
    except RecursionError:
        _refuse([Fault("", _("The mapping is nested too deeply."))])
    faults = [] if isinstance(tree, dict | list) else [Fault("", _("A mapping is an object or a list."))]
    faults = faults or list(_faults(tree, texts))
    if faults:
        _refuse(faults)
    return tree


def shaped(tree: Any, message: Mapping[str, Any], texts: Texts) -> bytes:
    """The body for one message, compact UTF-8 JSON. Raises Invalid when it cannot be put together."""
    made = _filled(tree, message, texts)
    body = json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > MOST_BYTES:
        _refuse([Fault("", _("The body would be larger than 64 kB."))])
    return body


def _refuse(faults: Sequence[Fault]) -> NoReturn:
    raise Invalid(" ".join(map(str, faults)), {"mapping": [str(fault) for fault in faults]})


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        double = next(name for name in names if names.count(name) > 1)
        _refuse([Fault(double, _("This name stands twice in one object."))])
    return found


def _no_number(name: str) -> NoReturn:
    _refuse([Fault("", _("%(name)s is not a number of JSON.") % {"name": name})])


def _faults(tree: Any, texts: Texts) -> Iterator[Fault]:
    for number, (place, part, depth, repeated) in enumerate(_walk(tree, "", 1, False)):
        if number >= MOST_PARTS or depth > DEEPEST:
            yield Fault("", _("The mapping has too many parts, or they stand too deep in one another."))
            return
        if isinstance(part, str):
            yield from _text_faults(place, part, texts, repeated)
        elif isinstance(part, dict) and _MARKS & part.keys():
            yield from _mark_faults(place, part, repeated)


def _walk(part: Any, place: str, depth: int, repeated: bool) -> Iterator[tuple[str, Any, int, bool]]:
    yield place, part, depth, repeated
    if isinstance(part, dict):
        for name, inner in part.items():
            below = f"{place}.{name}" if place else name
            yield from _walk(inner, below, depth + 1, repeated or name == _DO)
    elif isinstance(part, list):
        for number, inner in enumerate(part):
            yield from _walk(inner, f"{place}[{number}]", depth + 1, repeated)


def _text_faults(place: str, text: str, texts: Texts, repeated: bool) -> Iterator[Fault]:
    if _YOURS in text:
        word = next(word for word in text.replace('"', " ").split() if _YOURS in word)
        yield Fault(place, _("Put your own value in the place of %(word)s.") % {"word": word})
    for sentence in texts.faults(text, repeated=repeated):
        yield Fault(place, sentence)


def _mark_faults(place: str, part: Mapping[str, Any], repeated: bool) -> Iterator[Fault]:
    names = set(part)
    if _EACH in names and repeated:
        yield Fault(place, _("One $each cannot stand inside another."))
    if names not in ({_EACH, _DO}, {_IF, _THEN}, {_IF, _THEN, _ELSE}):
        yield Fault(place, _("$if goes with $then and perhaps $else, $each with $do, and nothing beside."))
    elif not isinstance(part.get(_IF, part.get(_EACH)), str):
        yield Fault(place, _("$if and $each ask one expression, such as “{{ data.lead.phone }}”."))


def _filled(part: Any, names: Mapping[str, Any], texts: Texts) -> Any:
    if isinstance(part, str):
        return texts.value(part, names)
    if isinstance(part, list):
        items = [_filled(inner, names, texts) for inner in part]
        return [item for item in items if item is not _Nothing]
    if not isinstance(part, dict):
        return part
    if _IF in part:
        held = texts.value(part[_IF], names)
        return _filled(part[_THEN], names, texts) if held else _otherwise(part, names, texts)
    if _EACH in part:
        return _repeated(part, names, texts)
    pairs = ((name, _filled(inner, names, texts)) for name, inner in part.items())
    return {name: value for name, value in pairs if value is not _Nothing}


def _otherwise(part: Mapping[str, Any], names: Mapping[str, Any], texts: Texts) -> Any:
    return _filled(part[_ELSE], names, texts) if _ELSE in part else _Nothing


def _repeated(part: Mapping[str, Any], names: Mapping[str, Any], texts: Texts) -> list[Any]:
    items = texts.value(part[_EACH], names)
    given = items[:LONGEST_LIST] if isinstance(items, list) else []
    made = [_filled(part[_DO], {**names, "item": item}, texts) for item in given]
    return [one for one in made if one is not _Nothing]
