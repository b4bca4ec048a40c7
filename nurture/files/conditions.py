"""A condition as text: YAML that reads like the files of programs, lossless both ways.

Groups stand in blocks, one line for each thing that is asked:

    all:
      - {temperature: [warm, hot]}
      - not: {signal: unsubscribed}
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from nurture.errors import Invalid
from nurture.files.yaml_lines import Faults, read_yaml
from nurture.rules.words import _

_GROUPS = ("all", "any")
# What needs no quotes wherever it stands: words of any script, joined by single signs; and spans of time.
_BARE = re.compile(r"[^\W\d]\w*(?:[ .@/-]\w+)*|[0-9]{1,9}[smhdw]")
# What JSON leaves as it is and YAML takes only as an escape (yaml.org/spec/1.2.2, 5.1).
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CONSTANTS = frozenset({"null", "true", "false"})


def write(plain: Mapping[str, Any]) -> str:
    """The plain form of a condition as YAML; `read` gives the same again."""
    return "\n".join(_lines(plain, "")) + "\n"


def read(text: str) -> dict[str, Any]:
    """The plain form that a text says, in YAML or JSON. Raises Invalid under `condition` with the line."""
    faults = Faults(_("Condition"))
    node = read_yaml(text, faults)
    if faults.faults:
        raise Invalid(str(faults.faults[0]), {"condition": [str(one) for one in faults.faults]})
    if node is None or not isinstance(node.value, dict) or not node.value:
        sentence = _("Expected a condition such as {tag: …}.")
        raise Invalid(sentence, {"condition": [sentence]})
    plain: dict[str, Any] = node.plain()
    return plain


def _lines(plain: Mapping[str, Any], indent: str) -> list[str]:
    if len(plain) == 1:
        ((key, inner),) = plain.items()
        if key in _GROUPS and isinstance(inner, list) and all(isinstance(one, Mapping) for one in inner):
            lines = [f"{indent}{key}:"]
            for part in inner:
                first, *rest = _lines(part, f"{indent}    ")
                lines += [f"{indent}  - {first.lstrip()}", *rest]
            return lines
        if key == "not" and isinstance(inner, Mapping):
            below = _lines(inner, f"{indent}  ")
            leaf = len(below) == 1 and below[0].lstrip().startswith("{")
            return [f"{indent}not: {below[0].lstrip()}"] if leaf else [f"{indent}not:", *below]
    return [indent + inline(plain)]


def inline(value: Any) -> str:
    """A plain value on one line, quoted where YAML needs it; reading it gives the value again."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline(key)}: {inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, str) and _BARE.fullmatch(value) and value.lower() not in _CONSTANTS:
        return value
    return _UNSEEN.sub(lambda one: f"\\u{ord(one[0]):04x}", json.dumps(value, ensure_ascii=False))
