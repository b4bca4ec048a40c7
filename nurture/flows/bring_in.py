"""A program of another tool, or a table of days, becomes a draft of ours."""

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nurture.errors import FileFault
from nurture.files.bring_in import read_foreign, sources_of
from nurture.files.programs import write_folder
from nurture.flows.programs import Loaded, load_folder
from nurture.rules.bring_in import Brought
from nurture.rules.bring_in.values import key_of
from nurture.store import programs


@dataclass(frozen=True)
class BroughtIn:
    """A program that was taken in, and a sentence for each thing that could not be carried over."""

    loaded: Loaded
    left_out: tuple[str, ...]


def bring_in(session: Session, data: bytes, name: str, *, now: datetime, by: str) -> list[BroughtIn]:
    """Take the programs of a file as drafts, under keys that nobody has yet. All or none, in the caller's
    transaction. Raises Invalid, and FileFault with every fault of what came out."""
    brought: list[BroughtIn] = []
    for one in read_foreign(data, name):
        renamed = _under_free_key(session, one)
        with tempfile.TemporaryDirectory(prefix="nurture-brought-") as folder:
            write_folder(sources_of(renamed), Path(folder))
            loaded = _loaded(session, Path(folder), now, by)
        brought.append(BroughtIn(loaded, one.left_out))
    return brought


def bring_in_folders(data: bytes, name: str, target: Path) -> list[tuple[Path, Brought]]:
    """Write the programs of a file as folders into `target`, each under its key; nothing is loaded. Raises
    Invalid, also where a folder of another program stands in the way."""
    written = []
    for one in read_foreign(data, name):
        folder = target / str(one.program["program"])
        write_folder(sources_of(one), folder)
        written.append((folder, one))
    return written


def _loaded(session: Session, folder: Path, now: datetime, by: str) -> Loaded:
    try:
        return load_folder(session, folder, publish=False, now=now, by=by)
    except FileFault as refusal:
        # Nobody knows the folder in which it lay meanwhile.
        raise FileFault([line.removeprefix(f"{folder}/") for line in refusal.faults]) from refusal


def _under_free_key(session: Session, brought: Brought) -> Brought:
    key = str(brought.program["program"])
    taken = {key} if programs.by_key(session, key) is not None else set[str]()
    while programs.by_key(session, free := key_of(key, taken, "program")) is not None:
        taken.add(free)
    return replace(brought, program={**brought.program, "program": free})
