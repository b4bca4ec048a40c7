"""A folder for Unix sockets whose path is short enough (107 bytes for the whole name, unix(7))."""

import hashlib
import os
import stat
from pathlib import Path

from nurture.errors import Unavailable

_LONGEST = 100


def socket_folder(wanted: Path) -> Path:
    """`wanted` itself, or a private short folder that stands for it; made when missing, 0700."""
    if len(os.fsencode(wanted / ".s.PGSQL.5432.lock")) <= _LONGEST:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        return wanted
    name = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    short = Path("/tmp") / f"nurture-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    # Anyone may write to /tmp: a folder that a stranger put there in advance is not used.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Unavailable(
            f"{short} does not belong to this user alone: remove it, or choose a shorter NURTURE_HOME."
        )
    return short
