"""Who was erased, kept outside the database too: a backup that is older than an erasure would bring the
person back. One line each: the instant, the id of the lead, the peppered hash of the address (or "-")."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nurture.errors import Invalid


@dataclass(frozen=True)
class Erasure:
    """A person who was erased at `at`; `digest` is None when there was no address."""

    at: datetime
    lead_id: int
    digest: bytes | None


def ledger_of(home: Path) -> Path:
    return home / "erasures" / "ledger"


def note(home: Path, erasure: Erasure) -> None:
    """Append one, on the disk when this returns."""
    file = ledger_of(home)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = erasure.digest.hex() if erasure.digest else "-"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as out:
        out.write(f"{erasure.at.isoformat()} {erasure.lead_id} {digest}\n")
        out.flush()
        os.fsync(out.fileno())


def read(files: Sequence[Path]) -> list[Erasure]:
    """All that these ledgers hold; raises Invalid, naming the line, for what is none. A last line that was
    cut short by a crash is left out: its transaction was not committed."""
    return [one for file in files for one in _of(file)]


def _of(file: Path) -> list[Erasure]:
    whole = file.read_text().split("\n")[:-1]
    found = []
    for number, line in enumerate(whole, start=1):
        try:
            at, lead_id, digest = line.split(" ")
            hash_ = None if digest == "-" else bytes.fromhex(digest)
            found.append(Erasure(datetime.fromisoformat(at), int(lead_id), hash_))
        except ValueError as error:
            raise Invalid(f"{file}:{number} is no line of a ledger of erasures.") from error
    return found
