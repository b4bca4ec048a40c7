"""Heat models as files: read with every fault by its line, written so that reading gives the same."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from nurture.files.yaml_lines import Faults, Node, read_text, read_yaml
from nurture.rules.conditions.faults import dotted
from nurture.rules.model import HeatModel, ModelFault, plain, read
from nurture.rules.words import _


def read_model(path: Path, faults: Faults) -> tuple[HeatModel, str] | None:
    """The model of a file and its text as written; None after faults."""
    text = read_text(path, faults)
    if text is None:
        return None
    model = parse_model(text, faults)
    if model is not None and model.key != path.stem:
        sentence = _('the file of the model "{key}" should be called {key}.yaml.')
        faults.add(1, sentence.format(key=model.key))
        return None
    return None if model is None else (model, text)


def parse_model(text: str, faults: Faults) -> HeatModel | None:
    """The model that a YAML text says; None after faults."""
    before = len(faults.faults)
    root = read_yaml(text, faults)
    if root is None or len(faults.faults) > before:
        return None
    try:
        return read(root.plain())
    except ModelFault as wrong:
        for fault in wrong.faults:
            place = dotted(fault.path)
            faults.add(_line(root, fault.path), f"{place}: {fault.sentence}" if place else fault.sentence)
        return None


def write_model(model: HeatModel) -> str:
    """The model as YAML 1.2: blocks outside, one line for each signal and rule."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 200
    out = StringIO()
    yaml.dump(_styled(plain(model), 2), out)
    return out.getvalue()


def _line(root: Node, path: tuple[str | int, ...]) -> int:
    """The line of a path, by exact keys: a signal kind may hold any character."""
    node, line = root, root.line
    for part in path:
        if isinstance(part, int) and isinstance(node.value, list) and part < len(node.value):
            node = node.value[part]
            line = node.line
        elif isinstance(part, str) and isinstance(node.value, dict) and part in node.value:
            line = node.key_lines.get(part, line)
            node = node.value[part]
        else:
            break
    return line


def _styled(value: Any, blocks: int) -> Any:
    """The value as ruamel writes it: `blocks` levels of mappings and the lists of mappings right below
    them in block style, the rest on one line."""
    if isinstance(value, Mapping):
        table = CommentedMap({key: _styled(inner, blocks - 1) for key, inner in value.items()})
        return _set_style(table, block=blocks > 0)
    if isinstance(value, list):
        items = CommentedSeq([_styled(inner, min(blocks, 0)) for inner in value])
        tables = bool(value) and all(isinstance(inner, Mapping) for inner in value)
        return _set_style(items, block=tables and blocks >= 0)
    return value


def _set_style(collection: CommentedMap | CommentedSeq, *, block: bool) -> CommentedMap | CommentedSeq:
    if block:
        collection.fa.set_block_style()
    else:
        collection.fa.set_flow_style()
    return collection
