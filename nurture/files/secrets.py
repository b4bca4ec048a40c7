"""The two secrets of an installation, each made once and kept in a file of its own.

The ring of secret keys signs sessions and links and may grow. The pepper hides suppressed addresses:
it is never changed, since without it nobody could tell who asked to be left alone. They are stored
apart, so that one leak does not give both.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from nurture.errors import Conflict, Unavailable
from nurture.rules.tokens import KeyRing

_KEY_BYTES = 32


def load_ring(home: Path, secret_key: str | None) -> KeyRing:
    """The keys, newest first: those of `secret_key` (separated by commas), then those of the home.

    Made on the first call when there is neither.
    """
    given = tuple(key.encode() for key in secret_key.split(",")) if secret_key else ()
    file = _ring_file(home)
    if given and not file.exists():
        return KeyRing(given)
    kept = tuple(line.encode() for line in _made_once(file, _new_secret).split())
    if not given and not kept:
        raise Unavailable(f"{file} is empty: put the keys back from a backup, or remove the file.")
    return KeyRing(given + kept)


def has_ring(home: Path) -> bool:
    """Whether keys were made in this home already."""
    return _ring_file(home).exists()


def add_key(home: Path) -> None:
    """Put a new key at the head of the ring of the home; the older ones go on verifying."""
    file = _ring_file(home)
    kept = _made_once(file, _new_secret)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    _write_private(fresh, f"{_new_secret()}\n{kept}")
    fresh.replace(file)


def load_pepper(home: Path) -> bytes:
    """The pepper of suppressed addresses, 32 bytes; made on the first call, never again."""
    file = pepper_file(home)
    text = _made_once(file, _new_secret).strip()
    if len(text) != 2 * _KEY_BYTES:
        raise Unavailable(f"{file} is damaged: put it back from a backup; it cannot be made anew.")
    return bytes.fromhex(text)


def put_back(home: Path, pepper: bytes, keys: Sequence[bytes]) -> None:
    """Give the home the secrets of a backup. Raises Conflict, and changes nothing, when it has others."""
    ring, salt = _ring_file(home), pepper_file(home)
    if salt.exists() and load_pepper(home) != pepper:
        raise Conflict(
            f"{salt} is not the pepper of this backup: restore into an empty home, or move that file away."
        )
    if ring.exists() and not set(keys) <= set(ring.read_bytes().split()):
        raise Conflict(
            f"{ring} has not the keys of this backup: restore into an empty home, or move that file away."
        )
    _made_once(salt, lambda: pepper.hex())
    if keys:
        _made_once(ring, lambda: "\n".join(key.decode() for key in keys))


def pepper_file(home: Path) -> Path:
    """Where the pepper of a home lies."""
    return home / "pepper" / "suppression"


def _ring_file(home: Path) -> Path:
    return home / "secrets" / "keys"


def _new_secret() -> str:
    return secrets.token_hex(_KEY_BYTES)


def _made_once(file: Path, make: Callable[[], str]) -> str:
    """What the file holds; whoever of several comes first makes it, whole or not at all."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        _write_private(fresh, make() + "\n")
        try:
            # A link, unlike a rename, fails when somebody else was quicker.
            os.link(fresh, file)
        except FileExistsError:
            pass  # theirs counts
        finally:
            fresh.unlink()
        _sync_folder(file.parent)
    return file.read_text()


def _write_private(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
