"""Files that people send: streamed to the home folder under names of our own making."""

import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from nurture.errors import Invalid, Refusal, Unavailable
from nurture.files import sheets
from nurture.rules.words import _

LARGEST = 500 * 1024 * 1024
_CHUNK = 1 << 20
_LONGEST_NAME = 200
_OURS = re.compile(r"[0-9a-f]{32}")


class TooLarge(Refusal):
    """More bytes than are taken at this door."""


def shown_name(sent: str | None) -> str:
    """What the sender calls the file, for people to read: no folder, nothing unprintable, not endless."""
    name = Path((sent or "").replace("\\", "/")).name.lstrip(".")
    return "".join(letter for letter in name if letter.isprintable())[:_LONGEST_NAME] or "upload.csv"


def receive(stream: IO[bytes], home: Path, *, largest: int = LARGEST) -> Path:
    """Write the stream to `home/uploads/<random>`, never by the sender's name; a workbook as the CSV of its
    first sheet. Raises TooLarge, Invalid for a workbook that cannot be read, and Unavailable when the disk
    takes no more; nothing is left behind then."""
    folder = home / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)
    try:
        _write(stream, path, largest)
        if sheets.is_workbook(path):
            _unfold(path)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Unavailable(
            _("The file could not be kept: {reason}. Make room on the disk and send it again.").format(
                reason=error.strerror or error
            )
        ) from error
    except (TooLarge, Invalid):
        path.unlink(missing_ok=True)
        raise
    return path


def waiting(home: Path, name: str) -> Path | None:
    """The file that was received under this name and waits for a person's word; None where there is none."""
    path = home / "uploads" / name
    return path if _OURS.fullmatch(name) and path.is_file() else None


def forget_old(home: Path, *, before: datetime) -> int:
    """Remove what was received before, and is waited for by nobody any more; how many files."""
    old = [
        path
        for path in (home / "uploads").glob("*")
        if _OURS.fullmatch(path.name) and datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _unfold(path: Path) -> None:
    # Under a name that is no upload's: nobody takes half of a sheet for a file.
    half = path.with_name(f".{path.name}")
    try:
        sheets.write_csv(path, half)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _write(stream: IO[bytes], path: Path, largest: int) -> None:
    size = 0
    with path.open("xb") as file:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > largest:
                raise TooLarge(
                    _("The file is larger than {megabytes} MB; import it from the terminal instead.").format(
                        megabytes=largest // (1024 * 1024)
                    )
                )
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
