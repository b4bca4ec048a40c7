"""YAML 1.2 whose every value knows its line, and a collector that names all faults at once.

Read by the core schema (yaml.org/spec/1.2.2, 10.3.2): `NO` is a country, `09:00` a text, `010` ten.
Files are written by people and may come from strangers, so size, depth, aliases and the number of
values are bounded before anything is built from them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    NodeEvent,
)
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from nurture.errors import FileFault
from nurture.rules.words import _

MAX_BYTES = 512 * 1024
MAX_DEPTH = 40
MAX_ALIASES = 100
MAX_VALUES = 20_000

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_OCTAL = re.compile(r"0o[0-7]{1,20}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in one file; `line` counts from 1, 0 stands for the whole file."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}" if self.line else f"{self.path}: {self.sentence}"


class Faults:
    """Gathers what is wrong (`add`) or doubtful (`warn`) in one file and in those opened beside it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []

    def beside(self, path: str) -> "Faults":
        """A collector for another file that shares these lists."""
        other = Faults(path)
        other.faults, other.warnings = self.faults, self.warnings
        return other

    def add(self, line: int, sentence: str) -> None:
        self.faults.append(Fault(self.path, line, sentence))

    def warn(self, line: int, sentence: str) -> None:
        self.warnings.append(Fault(self.path, line, sentence))

    def lines(self) -> list[str]:
        """`path:line: sentence` of every fault, in the order of files and lines."""
        return [str(fault) for fault in sorted(set(self.faults))]

    def warning_lines(self) -> list[str]:
        return [str(fault) for fault in sorted(set(self.warnings))]

    def stop_if_any(self) -> None:
        """Raise FileFault with all faults, if there are any."""
        if self.faults:
            raise FileFault(self.lines())


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands. `value` is None, bool, int, float, str, a list of Node or a dict of
    Node by text key. `start` is the offset of its first character, `column` counts from 0, `flow`
    tells `{…}` and `[…]` from indented blocks."""

    value: Any
    line: int
    column: int = 0
    start: int = 0
    flow: bool = False
    key_lines: dict[str, int] = field(default_factory=dict)

    def plain(self) -> Any:
        """The value as plain dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, path: Sequence[str | int]) -> "Node | None":
        """The value at a path of keys and indexes; None when there is none."""
        node = self
        for part in path:
            inside = isinstance(part, int) and isinstance(node.value, list) and 0 <= part < len(node.value)
            if not inside and not (isinstance(node.value, dict) and part in node.value):
                return None
            node = node.value[part]
        return node

    def line_at(self, path: Sequence[str | int]) -> int:
        """The line of the value at a path of keys and indexes (of its key, for a key), or of the nearest
        parent that exists."""
        node, line = self, self.line
        for part in path:
            if isinstance(node.value, dict) and part in node.value:
                line = node.key_lines[str(part)]
                node = node.value[part]
            elif isinstance(node.value, list) and isinstance(part, int) and 0 <= part < len(node.value):
                node = node.value[part]
                line = node.line
            else:
                break
        return line


def read_text(path: Path, faults: Faults, *, max_bytes: int = MAX_BYTES) -> str | None:
    """The file as text with a byte order mark dropped; None after a fault (absent, too large, not UTF-8)."""
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        faults.add(0, _("cannot be read: {reason}.").format(reason=error.strerror or error))
        return None
    if len(raw) > max_bytes:
        faults.add(0, _("is larger than {size} KB.").format(size=max_bytes // 1024))
        return None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        faults.add(line, _("is not UTF-8 text; save it as UTF-8."))
        return None


def read_yaml(text: str, faults: Faults, *, first_line: int = 1) -> Node | None:
    """The tree of `text`; None after a fault that leaves nothing to read. Doubled keys are faults and the
    first one counts. `first_line` is the line of the file on which `text` begins."""
    if len(text) > MAX_BYTES:
        faults.add(first_line, _("This file is larger than {size} KB.").format(size=MAX_BYTES // 1024))
        return None
    shift = first_line - 1
    try:
        if not _within_bounds(text, faults, shift):
            return None
        root = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 + shift if mark else first_line
        faults.add(
            line, _("This is not valid YAML: {problem}.").format(problem=error.problem or error.context)
        )
        return None
    except (YAMLError, ValueError) as error:
        faults.add(first_line, _("This is not valid YAML: {problem}.").format(problem=_first_line(error)))
        return None
    return _Builder(faults, shift).build(root) if root is not None else Node({}, first_line)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _within_bounds(text: str, faults: Faults, shift: int) -> bool:
    """Whether the events of `text` stay within depth and aliases; the parser itself does not recurse."""
    depth = aliases = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        line = event.start_mark.line + 1 + shift
        if isinstance(event, DocumentStartEvent) and event.version not in (None, (1, 2)):
            faults.add(line, _("Only YAML 1.2 is read here; drop the %YAML line."))
            return False
        if isinstance(event, AliasEvent):
            aliases += 1
        elif isinstance(event, NodeEvent) and getattr(event, "tag", None):
            faults.add(line, _("Tags such as {tag} are not used here.").format(tag=getattr(event, "tag", "")))
            return False
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH or aliases > MAX_ALIASES:
            faults.add(line, _("This is nested too deeply or repeats itself too often to be read."))
            return False
    return True


class _Builder:
    def __init__(self, faults: Faults, shift: int) -> None:
        self.faults = faults
        self.shift = shift
        self.left = MAX_VALUES
        self.open: set[int] = set()

    def build(self, node: Any) -> Node:
        self.left -= 1
        mark = node.start_mark
        line = mark.line + 1 + self.shift
        if self.left == 0:
            self.faults.add(line, _("This file holds more than {count} values.").format(count=MAX_VALUES))
        if self.left <= 0:
            return Node(None, line)
        if id(node) in self.open or len(self.open) > MAX_DEPTH:
            self.faults.add(line, _("This repeats itself too deeply to be read."))
            return Node(None, line)
        self.open.add(id(node))
        value, key_lines = self._value(node)
        self.open.discard(id(node))
        flow = bool(getattr(node, "flow_style", False))
        return Node(value, line, mark.column, mark.index, flow, key_lines)

    def _value(self, node: Any) -> tuple[Any, dict[str, int]]:
        if isinstance(node, MappingNode):
            return self._mapping(node)
        if isinstance(node, SequenceNode):
            return [self.build(item) for item in node.value], {}
        return _scalar(node), {}

    def _mapping(self, node: MappingNode) -> tuple[dict[str, Node], dict[str, int]]:
        values: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1 + self.shift
            if not isinstance(key_node, ScalarNode):
                self.faults.add(line, _("A key must be a plain word."))
                continue
            key = str(key_node.value)
            if key in values:
                first = lines[key]
                self.faults.add(
                    line, _('"{key}" stands twice; first in line {first}.').format(key=key, first=first)
                )
                continue
            values[key], lines[key] = self.build(value_node), line
        return values, lines


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    if node.style:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
