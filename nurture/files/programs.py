"""A program's folder: program.yaml and the mails beside it, read with all faults at once and written back.

Reading works on texts by path, so that a folder, a stored version and an upload are the same thing.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nurture.errors import Invalid
from nurture.files.mail_files import MailFile, is_mail, read_mails, take
from nurture.files.yaml_lines import Faults, Node, read_text, read_yaml
from nurture.rules import program as rules
from nurture.rules.conditions.faults import Path as ValuePath
from nurture.rules.program import Program
from nurture.rules.program.keys import is_written
from nurture.rules.tables import near
from nurture.rules.words import _

PROGRAM_FILE = "program.yaml"
MOST_MAILS = 300


@dataclass(frozen=True)
class Folder:
    """What a folder holds. `program` is None when program.yaml cannot be read at all; `sources` are the
    files by path with the key of every step written out; `spec` the program as plain values, keys
    included; `lines` maps (temperature, step key) to its line, `keys` the path of each step to its key."""

    path: str
    program: Program | None
    spec: Mapping[str, Any]
    mails: Mapping[str, MailFile]
    sources: Mapping[str, str]
    faults: Faults
    lines: Mapping[tuple[str, str], int]
    root: Node | None = None
    keys: Mapping[ValuePath, str] = field(default_factory=dict)

    def line_at(self, path: ValuePath) -> int:
        """The line of what stands at a path of program.yaml, or of the nearest thing around it."""
        return self.root.line_at(path) if self.root is not None else 0

    def line_of(self, name: str) -> int:
        """The line of a name at the top of program.yaml; 1 when it is not written."""
        return self.root.line_at((name,)) if self.root is not None else 1

    def fault_lines(self) -> list[str]:
        return self.faults.lines()

    def warning_lines(self) -> list[str]:
        return self.faults.warning_lines()


def read_folder(path: Path) -> Folder:
    """Everything of one program folder, faults and warnings in it."""
    faults = Faults(str(path / PROGRAM_FILE))
    sources: dict[str, str] = {}
    for name in _files(path, faults):
        text = read_text(path / name, faults.beside(str(path / name)))
        if text is not None:
            sources[name] = text
    return _read(str(path), sources, faults)


def read_sources(sources: Mapping[str, str], path: str = "") -> Folder:
    """The same from texts by path inside the folder (program.yaml, mails/welcome.md)."""
    return _read(path, sources, Faults(os.path.join(path, PROGRAM_FILE)))


def write_folder(sources: Mapping[str, str], path: Path) -> list[Path]:
    """Write these files into the folder, each replaced as a whole; files beside them stay. A folder that
    holds another program is refused."""
    _refuse_other_program(sources, path)
    written = []
    for name, text in sorted(sources.items()):
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(target.name + ".part")
        half.write_text(text, encoding="utf-8")
        half.replace(target)
        written.append(target)
    return written


def _refuse_other_program(sources: Mapping[str, str], path: Path) -> None:
    present = path / PROGRAM_FILE
    if not present.exists():
        return
    there = _program_key(read_text(present, Faults(str(present))) or "")
    if there != _program_key(sources[PROGRAM_FILE]):
        raise Invalid(_("{path} holds another program; choose another folder.").format(path=present))


def _program_key(text: str) -> object:
    node = read_yaml(text, Faults(PROGRAM_FILE))
    found = node.at(("program",)) if node is not None else None
    return found.value if found is not None else None


def _files(path: Path, faults: Faults) -> Iterator[str]:
    """The names inside the folder that make the program; anything else under mails/ is named."""
    yield PROGRAM_FILE
    folder = path / "mails"
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if len(entries) > MOST_MAILS:
        faults.add(0, _("There are more than {count} files in mails/.").format(count=MOST_MAILS))
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith((".part", "~")):
            continue
        if is_mail(entry.name) and entry.is_file():
            yield f"mails/{entry.name}"
        else:
            known = _("A mail is named key.md, key.mjml or key.html, in small letters, digits, - and _.")
            faults.beside(str(entry)).add(0, known)


def _read(path: str, sources: Mapping[str, str], faults: Faults) -> Folder:
    mails = read_mails(path, sources, faults)
    text = sources.get(PROGRAM_FILE)
    root = read_yaml(text, faults) if text is not None else None
    if text is None and not faults.faults:
        faults.add(0, _("is missing: every program has one."))
    if root is None or text is None:
        return Folder(path, None, {}, mails, dict(sources), faults, {})
    reading = rules.examine(root.plain())
    take(reading.faults, root, faults.add)
    take(reading.warnings, root, faults.warn)
    lines = {(str(at[1]), key): root.line_at(at) for at, key in reversed(list(reading.keys.items()))}
    _compare_mails(reading.program, mails, lines, faults)
    return Folder(
        path=path,
        program=reading.program,
        spec=_spec(root, reading.keys),
        mails=mails,
        sources={**sources, PROGRAM_FILE: _with_keys(text, root, reading.keys)},
        faults=faults,
        lines=lines,
        root=root,
        keys=reading.keys,
    )


def _compare_mails(
    program: Program,
    mails: Mapping[str, MailFile],
    lines: Mapping[tuple[str, str], int],
    faults: Faults,
) -> None:
    sent = set()
    for place, key in rules.mails_sent(program):
        sent.add(key)
        if key and key not in mails:
            missing = _('There is no mail "{key}": mails/{key}.md is missing.').format(key=key)
            faults.add(lines.get(place, 0), missing + near(key, mails))
    for place, key in rules.mails_asked_about(program):
        if key and key not in mails:
            asked = _('No mail "{key}" stands in this program, so nobody can answer to it.').format(key=key)
            faults.add(lines.get(place, 0), asked + near(key, mails))
    for key, mail in mails.items():
        if key not in sent:
            beside = faults.beside(os.path.join(os.path.dirname(faults.path), mail.path))
            beside.warn(0, _("No step sends this mail."))


def _spec(root: Node, keys: Mapping[ValuePath, str]) -> dict[str, Any]:
    """The plain program with the key of every step in it."""
    plain: dict[str, Any] = root.plain()
    for path, key in keys.items():
        step: Any = plain
        for part in path:
            step = step[part]
        step["key"] = key
    return plain


def _with_keys(text: str, root: Node, keys: Mapping[ValuePath, str]) -> str:
    """The text with the key of every step written out, everything else untouched."""
    insertions = []
    for path, key in keys.items():
        step = root.at(path)
        if step is not None and not is_written(step.plain()):
            insertions.append(_insertion(text, step, key))
    written = text
    for at, words in sorted(set(insertions), reverse=True):
        written = written[:at] + words + written[at:]
    if not insertions:
        return text
    again = read_yaml(written, Faults(PROGRAM_FILE))
    # Where a step is written in a way that cannot be added to, the file stays as its author wrote it.
    return written if again is not None and again.plain() == _spec(root, keys) else text


def _insertion(text: str, step: Node, key: str) -> tuple[int, str]:
    """Where to write the key of a step and what: behind a first line that stands alone, else in front."""
    word = f"key: {_quoted(key)}"
    if step.flow:
        return step.start + 1, f"{word}, "
    indent = " " * step.column
    first: Node = next(iter(step.value.values()))
    end = text.find("\n", step.start)
    line = text[step.start : end if end >= 0 else len(text)]
    alone = not isinstance(first.value, dict | list) or (
        first.flow and line.count("{") == line.count("}") and line.count("[") == line.count("]")
    )
    if not alone:
        return step.start, f"{word}\n{indent}"
    if end < 0:
        return len(text), f"\n{indent}{word}"
    return end + 1, f"{indent}{word}\n"


def _quoted(key: str) -> str:
    plain = key[0].isalpha() and key not in ("null", "true", "false")
    return key if plain else f'"{key}"'


__all__ = ["Folder", "MailFile", "read_folder", "read_sources", "write_folder"]
