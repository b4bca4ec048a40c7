"""What is wrong with a condition as written: where, and what was expected."""

from dataclasses import dataclass

from nurture.errors import Invalid
from nurture.rules.words import _

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: where (keys and indexes from the condition's root) and what was expected."""

    path: Path
    sentence: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.sentence}" if self.path else self.sentence


class ConditionFault(Invalid):
    """A condition that cannot be read; `faults` names everything wrong, `path` and `sentence` the
    first of it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        errors: dict[str, list[str]] = {}
        for fault in faults:
            errors.setdefault(dotted(fault.path), []).append(fault.sentence)
        super().__init__("; ".join(map(str, faults)), errors)
        self.faults = faults

    @property
    def path(self) -> Path:
        return self.faults[0].path

    @property
    def sentence(self) -> str:
        return self.faults[0].sentence


def dotted(path: Path) -> str:
    """`all[0].field` for ("all", 0, "field")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def note_fault(faults: list[Fault], path: Path, sentence: str) -> None:
    faults.append(Fault(path, sentence))


def read_name(raw: object, path: Path, faults: list[Fault]) -> str | None:
    if isinstance(raw, str) and raw.strip() and "\0" not in raw:
        return str(raw).strip()
    note_fault(faults, path, _("expected a name"))
    return None
