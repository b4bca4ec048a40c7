"""A backup: one file that holds everything a new home needs, and tells whether it is whole.

It is a ZIP archive of stored members with fixed names, written as a stream: `database.dump` (pg_dump,
custom format), `pepper`, `keys` (unless left out) and, last, `manifest.json` with the SHA-256 of each.
Nothing is ever unpacked by a name that the file gives.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nurture.errors import Conflict, Refusal

FORMAT = 1
_PRODUCT = "nurture backup"
_DUMP, _PEPPER, _KEYS, _MANIFEST = "database.dump", "pepper", "keys", "manifest.json"
_CHUNK = 1 << 20
_SMALL = 1 << 20  # secrets and the manifest: anything larger is none of ours


class Damaged(Refusal):
    """A file that is no backup, or not a whole one."""


@dataclass(frozen=True)
class Contents:
    """What a backup says of itself: the moment it shows, the schema, how many leads, the server, and what
    the secret keys are known by that signed for it (flows/agree_on_keys)."""

    made_at: datetime
    schema: str
    leads: int
    postgres: str
    key_marks: tuple[str, ...]


@dataclass(frozen=True)
class Backup:
    """A backup that was read whole once and found sound. `keys` is empty where they were left out."""

    path: Path
    contents: Contents
    pepper: bytes
    keys: tuple[bytes, ...]
    dump_bytes: int

    def dump(self) -> Iterator[bytes]:
        """The database, in portions."""
        with zipfile.ZipFile(self.path) as archive, archive.open(_DUMP) as member:
            while chunk := member.read(_CHUNK):
                yield chunk


def write(
    path: Path,
    contents: Contents,
    dump: Iterable[bytes],
    pepper: bytes,
    keys: Sequence[bytes],
    *,
    progress: Callable[[int], None] = lambda written: None,
) -> int:
    """Write a backup, readable by its owner alone, and return its size in bytes. Raises Conflict when the
    file is there already. What is cut short leaves nothing behind."""
    if path.exists():
        raise Conflict(f"{path} is there already: give the backup a name of its own.")
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                sums = {_DUMP: _stream(archive, _DUMP, dump, progress)}
                sums |= _keep_secrets(archive, pepper, keys)
                about = {**asdict(contents), "made_at": contents.made_at.isoformat()}
                manifest = {"file": _PRODUCT, "format": FORMAT, **about, "sha256": sums}
                archive.writestr(_MANIFEST, json.dumps(manifest, indent=2))
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    except FileExistsError as error:
        raise Conflict(f"{path} is there already: give the backup a name of its own.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return path.stat().st_size


def _keep_secrets(archive: zipfile.ZipFile, pepper: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Put the pepper and the keys, if any, into the archive; the sum of each by its name."""
    secrets = {_PEPPER: pepper.hex().encode()} | ({_KEYS: b"\n".join(keys)} if keys else {})
    for name, text in secrets.items():
        archive.writestr(name, text)
    return {name: hashlib.sha256(text).hexdigest() for name, text in secrets.items()}


def whole(path: Path) -> Backup:
    """The backup in a file, after every byte of it was compared with its sum. Raises Damaged."""
    if not path.is_file():
        raise Damaged(f"There is no file {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            if not all(_is_as_written(archive, *one) for one in manifest["sha256"].items()):
                raise _damaged(path)
            pepper = bytes.fromhex(_text(archive, _PEPPER).decode())
            keys = tuple(_text(archive, _KEYS).split()) if _KEYS in manifest["sha256"] else ()
            size = archive.getinfo(_DUMP).file_size
        contents = Contents(
            datetime.fromisoformat(manifest["made_at"]),
            str(manifest["schema"]),
            int(manifest["leads"]),
            str(manifest["postgres"]),
            tuple(map(str, manifest["key_marks"])),
        )
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise _damaged(path) from error
    return Backup(path, contents, pepper, keys, size)


def _is_as_written(archive: zipfile.ZipFile, name: str, expected: str) -> bool:
    return name in (_DUMP, _PEPPER, _KEYS) and _sum(archive, name) == expected


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    manifest = json.loads(_text(archive, _MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("file") != _PRODUCT:
        raise _damaged(path)
    if manifest.get("format") != FORMAT:
        raise Damaged(f"{path} was made by a newer version of the program: install that one first.")
    if not {_DUMP, _PEPPER} <= set(manifest["sha256"]):
        raise _damaged(path)
    return manifest


def _damaged(path: Path) -> Damaged:
    return Damaged(f"{path} is no backup of this program, or it is damaged: take another one.")


def _stream(
    archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes], progress: Callable[[int], None]
) -> str:
    digest, written = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as member:
        for chunk in chunks:
            member.write(chunk)
            digest.update(chunk)
            written += len(chunk)
            progress(written)
    return digest.hexdigest()


def _sum(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as member:
        while chunk := member.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _text(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _SMALL:
        raise ValueError("too large to be one of ours")
    return archive.read(name)
