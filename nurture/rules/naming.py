"""Where plain definitions (of programs, segments, heat models) name a tag, a source or a field."""

from collections.abc import Iterable, Mapping
from typing import Any

from nurture.rules.conditions.seen import CUSTOM
from nurture.rules.folding import fold


def names(spec: Any, kind: str, name: str) -> bool:
    """Whether `spec` names the `name` of a `kind` (tag, source, field), wherever in it. Names are compared
    folded, as conditions compare them; a field is named with or without "fields." before it."""
    wanted = fold(name)
    found = {fold(one) for one in _said(spec, kind)}
    return wanted in found or (kind == "field" and fold(CUSTOM) + wanted in found)


def _said(spec: Any, kind: str) -> Iterable[str]:
    if isinstance(spec, Mapping):
        for key, value in spec.items():
            if key == kind:
                yield from _texts(value)
            yield from _said(value, kind)
    elif isinstance(spec, list | tuple):
        for one in spec:
            yield from _said(one, kind)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (one for one in value if isinstance(one, str))
