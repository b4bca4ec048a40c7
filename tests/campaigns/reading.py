"""The files of programs, read as an author reads them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def parts(path: Path) -> tuple[dict[str, Any], str]:
    _start, head, body = path.read_text().split("---\n", 2)
    return YAML(typ="safe").load(head), body


def words(body: str) -> list[str]:
    plain = re.sub(r"\(https?://[^)]*\)", "", re.sub(r"\{\{.*?\}\}", "x", body))
    return re.findall(r"[\w'’%.,-]*\w[\w'’%.,-]*", plain)


def steps(chain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = list(chain["steps"])
    while waiting:
        step = waiting.pop(0)
        yield step
        waiting += [inner for name in ("then", "else") for inner in step.get(name, [])]
        waiting += [inner for branch in step.get("branch", []) for inner in branch["steps"]]
