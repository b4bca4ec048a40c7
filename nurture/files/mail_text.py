"""The file of one mail, written anew with as little change as can be."""

import re
from collections.abc import Mapping
from typing import Any

from nurture.files.yaml_lines import Faults, read_yaml
from nurture.files.yaml_rewriting import fresh, rewritten

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_USUAL = {"name": "", "preheader": "", "layout": "letter", "language": "en", "sender": ""}
_NEVER_EMPTY = ("preheader", "name", "sender")


def mail_text(text: str, said: Mapping[str, str]) -> str:
    """The file with these words in place of its own: name, subject, preheader, layout, language, sender,
    body. What is not said stays; what says nothing beyond the usual is not written."""
    head, body = _parts(text)
    faults = Faults("")
    node = read_yaml(head, faults) if head.strip() else None
    known: dict[str, Any] = node.plain() if node is not None and isinstance(node.value, dict) else {}
    wanted = known | {name: value for name, value in said.items() if name != "body"}
    kept = {
        name: value for name, value in wanted.items() if name in known or value != _USUAL.get(name, object())
    }
    kept = {name: value for name, value in kept.items() if name not in _NEVER_EMPTY or value != ""}
    new_head = rewritten(head, kept) if node is not None and not faults.faults else fresh(kept)
    return f"---\n{new_head}---\n{said.get('body', body)}"


def _parts(text: str) -> tuple[str, str]:
    fences = list(_FENCE.finditer(text))
    if len(fences) < 2 or fences[0].start() != 0:
        return "", text
    return text[fences[0].end() + 1 : fences[1].start()], text[fences[1].end() + 1 :]
