"""What PostgreSQL can keep of a body, and where something stands that it cannot: JSON as Python reads it
allows more."""

import math
from collections.abc import Iterator
from typing import Any

_MOST_NAMED = 5
_INSTEAD = "\N{REPLACEMENT CHARACTER}"
_Way = tuple[str | int, ...]


def storable(value: Any) -> bool:
    """Whether there is no NUL in it, no half of a surrogate pair, and no number that is none."""
    if isinstance(value, str):
        return "\0" not in value and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in value)
    if isinstance(value, dict):
        return all(storable(name) and storable(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(storable, value))
    return not isinstance(value, float) or math.isfinite(value)


def misfits(value: Any) -> list[str]:
    """The dotted places of the first few that cannot be kept, such as "0.data.note", written so that any
    answer can hold them; "" is the whole."""
    found: dict[str, None] = {}
    for way in _ways(value, ()):
        found[".".join(_shown(str(part)) for part in way)] = None
        if len(found) == _MOST_NAMED:
            break
    return list(found)


def _ways(value: Any, way: _Way) -> Iterator[_Way]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if storable(name):
                yield from _ways(inner, (*way, name))
            else:
                yield (*way, name)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _ways(inner, (*way, place))
    elif not storable(value):
        yield way


def _shown(name: str) -> str:
    return "".join(letter if storable(letter) else _INSTEAD for letter in name)
