"""A YAML text brought to other values with as little change as can be: what stays the same keeps its words,
comments, quotes and indentation, also when it moves to another list.

Reading the result always gives the wanted values. Where a text is written so that its parts cannot be told
apart line by line, the nearest enclosing part is written afresh.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nurture.files.conditions import inline
from nurture.files.yaml_lines import Faults, Node, read_yaml

_WIDEST = 96
_STEP = 2


def rewritten(text: str, wanted: Mapping[str, Any]) -> str:
    """The text with these values at its top."""
    faults = Faults("")
    root = read_yaml(text, faults)
    if root is not None and not faults.faults and _same(root.plain(), wanted):
        return text
    if root is not None and not faults.faults and isinstance(root.value, dict) and root.value:
        new = "\n".join(_Rewriting(text, root).mapping(wanted, root, text.split("\n"), 0)).rstrip() + "\n"
        if _says(new, wanted):
            return new
    return fresh(wanted)


def fresh(value: Mapping[str, Any]) -> str:
    """Plain values as a text of their own."""
    return "\n".join(_fresh_mapping(value)) + "\n"


@dataclass
class _Entry:
    """One entry of a block: the comments above it (`lead`) and its own lines, from its first sign on."""

    lead: list[str]
    body: list[str]
    node: Node


@dataclass
class _Block:
    """The entries of a block by key or index, and the comments behind the last of them."""

    entries: dict[Any, _Entry]
    tail: list[str] = field(default_factory=list)


class _Rewriting:
    def __init__(self, text: str, root: Node) -> None:
        self.by_key: dict[str, list[_Entry]] = {}
        self._gather(root, text.split("\n"), 0)

    def mapping(self, wanted: Mapping[str, Any], node: Node, lines: list[str], column: int) -> list[str]:
        """The lines of a block mapping, its own column taken off."""
        block = _mapping_block(node, lines, column)
        known = [key for key in block.entries if key in wanted]
        out: list[str] = []
        for key in (*known, *(key for key in wanted if key not in block.entries)):
            entry = block.entries.get(key)
            out += entry.lead if entry is not None else []
            out += self._entry(key, wanted[key], entry)
        return out + block.tail

    def _entry(self, key: str, value: Any, entry: _Entry | None) -> list[str]:
        if entry is None:
            return _fresh_entry(key, value)
        if _same(entry.node.plain(), value):
            return entry.body
        inside = _inside(entry)
        if inside is None or not value or type(value) is not type(entry.node.value):
            return _with_comment(_fresh_entry(key, value), entry.body)
        indent = max(entry.node.column - _column_of(entry), 0)
        make = self.mapping if isinstance(value, dict) else self.sequence
        below = make(value, entry.node, inside, indent)
        return [entry.body[0], *(_indented(below, indent))]

    def sequence(self, wanted: list[Any], node: Node, lines: list[str], column: int) -> list[str]:
        """The lines of a block sequence; items that moved are found wherever they stood."""
        block = _sequence_block(node, lines, column)
        out: list[str] = []
        for at, value in enumerate(wanted):
            entry = self._standing(block, at, value)
            out += entry.lead if entry is not None else []
            out += self._item(value, entry)
        return out + block.tail

    def _item(self, value: Any, entry: _Entry | None) -> list[str]:
        if entry is not None and _same(entry.node.plain(), value):
            return entry.body
        child = entry.node if entry is not None else None
        if (
            entry is None
            or child is None
            or child.flow
            or not isinstance(child.value, dict)
            or not child.value
        ):
            return _fresh_item(value)
        offset = _offset(entry)
        if not isinstance(value, dict) or not offset:
            return _fresh_item(value)
        lines = _item_lines(entry, offset)
        below = self.mapping(value, child, lines, offset)
        return ["-" + " " * (offset - 1) + below[0], *_indented(below[1:], offset)] if below else ["- {}"]

    def _standing(self, block: _Block, at: int, value: Any) -> _Entry | None:
        """The item as it stood: by its key here or wherever else, else the same value, else what stood at its
        place."""
        key = value.get("key") if isinstance(value, dict) else None
        if isinstance(key, str):
            here = [one for one in block.entries.values() if _key_of(one.node) == key]
            found = here or self.by_key.get(key, [])
            return found[0] if len(found) == 1 else None
        same = (one for one in block.entries.values() if _same(one.node.plain(), value))
        return next(same, None) or block.entries.get(at)

    def _gather(self, node: Node, lines: list[str], column: int) -> None:
        """Every item that has a key, so that it can be carried to where it belongs."""
        if isinstance(node.value, list):
            for entry in _sequence_block(node, lines, column).entries.values():
                self._gather_item(entry)
        elif isinstance(node.value, dict):
            for entry in _mapping_block(node, lines, column).entries.values():
                inside = _inside(entry)
                if inside is not None:
                    self._gather(entry.node, inside, max(entry.node.column - _column_of(entry), 0))

    def _gather_item(self, entry: _Entry) -> None:
        key = _key_of(entry.node)
        if key is not None:
            self.by_key.setdefault(key, []).append(entry)
        offset = _offset(entry)
        if offset and isinstance(entry.node.value, dict) and entry.node.value and not entry.node.flow:
            self._gather(entry.node, _item_lines(entry, offset), offset)


def _key_of(node: Node) -> str | None:
    key = node.value.get("key") if isinstance(node.value, dict) else None
    return key.value if key is not None and isinstance(key.value, str) else None


def _offset(entry: _Entry) -> int:
    """How far behind its dash an item begins; 0 where nothing stands behind it."""
    first = entry.body[0]
    return len(first) - len(first[1:].lstrip()) if first.startswith("-") and first[1:].strip() else 0


def _item_lines(entry: _Entry, offset: int) -> list[str]:
    """The lines of an item without its dash."""
    return [" " * offset + entry.body[0][offset:], *entry.body[1:]]


def _mapping_block(node: Node, lines: list[str], column: int) -> _Block:
    first = min(node.key_lines.values())
    starts = [node.key_lines[key] - first for key in node.value]
    base = _first_own_line(lines)
    return _block(list(node.value), list(node.value.values()), [base + one for one in starts], lines, column)


def _sequence_block(node: Node, lines: list[str], column: int) -> _Block:
    first = node.value[0].line
    base = _first_own_line(lines)
    starts = [base + one.line - first for one in node.value]
    return _block(list(range(len(node.value))), node.value, starts, lines, column)


def _first_own_line(lines: list[str]) -> int:
    """Where a block begins: behind the comments above it."""
    return next(at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))


def _block(keys: list[Any], nodes: list[Node], starts: list[int], lines: list[str], column: int) -> _Block:
    block = _Block({})
    lead = [_cut(line, column) for line in lines[: starts[0]]]
    for at, key in enumerate(keys):
        end = starts[at + 1] if at + 1 < len(starts) else len(lines)
        own = lines[starts[at] : end]
        keep = len(own)
        while keep > 1 and _belongs_below(own[keep - 1], column):
            keep -= 1
        block.entries[key] = _Entry(lead, [_cut(line, column) for line in own[:keep]], nodes[at])
        lead = [_cut(line, column) for line in own[keep:]]
    block.tail = lead
    return block


def _belongs_below(line: str, column: int) -> bool:
    """Blank lines, and comments that stand no deeper than the block, belong to what follows."""
    bare = line.lstrip()
    return not bare or (bare.startswith("#") and len(line) - len(bare) <= column)


def _cut(line: str, column: int) -> str:
    return line[column:] if not line[:column].strip() else line.lstrip()


def _indented(lines: list[str], by: int) -> list[str]:
    return [" " * by + line if line else line for line in lines]


def _column_of(entry: _Entry) -> int:
    """The column of the block in which an entry stands, told from where its value's block stands."""
    inside = _inside(entry) or [""]
    line = inside[_first_own_line(inside)]
    return entry.node.column - (len(line) - len(line.lstrip()))


def _inside(entry: _Entry) -> list[str] | None:
    """The lines of the block under a key; None for what stands on one line or in brackets."""
    node = entry.node
    if not isinstance(node.value, dict | list) or not node.value or node.flow or len(entry.body) < 2:
        return None
    below = entry.body[1:]
    return below if any(line.strip() and not line.lstrip().startswith("#") for line in below) else None


def _with_comment(lines: list[str], before: list[str]) -> list[str]:
    """A remark at the end of a line stays when its value changes."""
    _value, mark, remark = before[0].rpartition(" #")
    quoted = remark.count('"') + remark.count("'")
    if mark and len(before) == 1 and len(lines) == 1 and not quoted and "}" not in remark:
        return [f"{lines[0]}  #{remark}"]
    return lines


def _fresh_mapping(value: Mapping[str, Any]) -> list[str]:
    return [line for key, one in value.items() for line in _fresh_entry(key, one)]


def _fresh_entry(key: str, value: Any) -> list[str]:
    head = f"{inline(key)}:"
    if isinstance(value, dict) and value and not _fits(value, len(head) + 8):
        return [head, *_indented(_fresh_mapping(value), _STEP)]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return [head, *_indented([line for one in value for line in _fresh_item(one)], _STEP)]
    return [f"{head} {inline(value)}"]


def _fresh_item(value: Any) -> list[str]:
    if not isinstance(value, dict) or not value:
        return [f"- {inline(value)}"]
    first, *rest = _fresh_mapping(value)
    return [f"- {first}", *_indented(rest, _STEP)]


def _fits(value: Any, taken: int) -> bool:
    """Whether a value may stand in brackets: short, and no list of steps in it."""
    return not _has_steps(value) and len(inline(value)) + taken <= _WIDEST


def _has_steps(value: Any) -> bool:
    if isinstance(value, dict):
        return "steps" in value or any(_has_steps(one) for one in value.values())
    return False


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    faults = Faults("")
    node = read_yaml(text, faults)
    return node is not None and not faults.faults and _same(node.plain(), wanted)


def _same(one: Any, other: Any) -> bool:
    """Equal in kind too: 1 is not true, and the order of keys says nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)
