"""Segments as a file: one list of names and conditions, in YAML, that reads back as what was written."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nurture.files import conditions
from nurture.files.yaml_lines import Faults, Node, read_text, read_yaml
from nurture.rules.conditions import ConditionFault, parse
from nurture.rules.conditions.faults import dotted
from nurture.rules.words import _

_KEYS = ("segment", "name", "description", "condition")


def write(found: Iterable[Mapping[str, Any]]) -> str:
    """Segments by `segment` (its key), `name`, `description` and `condition` in its plain form."""
    return "\n".join(_one(segment) for segment in found)


def read(path: Path) -> list[dict[str, Any]]:
    """The segments of a file, in its order. Raises FileFault with every fault by its line."""
    faults = Faults(path.name)
    text = read_text(path, faults)
    node = read_yaml(text, faults) if text is not None else None
    faults.stop_if_any()
    found = []
    if node is None or not isinstance(node.value, list):
        faults.add(1, _("expected a list of segments, each with segment, name and condition."))
    else:
        found = [_read(one, faults) for one in node.value]
    faults.stop_if_any()
    return found


def _one(segment: Mapping[str, Any]) -> str:
    lines = [f"- segment: {segment['segment']}"]
    lines += [
        f"  {name}: {json.dumps(segment[name], ensure_ascii=False)}"
        for name in ("name", "description")
        if segment.get(name)
    ]
    condition = conditions.write(segment["condition"]).rstrip("\n").split("\n")
    return "\n".join([*lines, "  condition:", *(f"    {line}" for line in condition), ""])


def _read(node: Node, faults: Faults) -> dict[str, Any]:
    if not isinstance(node.value, dict):
        faults.add(node.line, _("expected a segment with segment, name and condition."))
        return {}
    for key in node.value:
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            faults.add(
                node.key_lines[key],
                _("unknown key {key}; expected one of {known}").format(key=key, known=known),
            )
    plain: dict[str, Any] = node.plain()
    for key in ("segment", "name"):
        if not isinstance(plain.get(key), str) or not plain[key].strip():
            faults.add(node.line, _("a segment needs {key}.").format(key=key))
    try:
        parse(plain.get("condition"))
    except ConditionFault as wrong:
        for fault in wrong.faults:
            line = node.line_at(("condition", *fault.path))
            place = dotted(fault.path)
            faults.add(line, f"{place}: {fault.sentence}" if place else fault.sentence)
    return plain
