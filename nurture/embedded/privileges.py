"""Running PostgreSQL when the caller is root, which PostgreSQL refuses to be.

First way: a user namespace (user_namespaces(7)) in which the caller's uid appears as nobody's. The
server sees an ordinary user, the kernel still sees the owner of the files: nothing is created,
handed over or opened up. Second way, where namespaces are refused (some containers): the account
nobody itself, with a data folder of its own.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nurture.errors import Unavailable

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_NOBODY = 65534
_PROGRAMS = Path("/var/lib/nurture")  # for an account that may not enter the virtual environment
# Loaded once, before any fork: between fork and exec only system calls are safe.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Disguise:
    """How a server process has to be started, and who owns its files (uid, gid; None: the caller)."""

    before_exec: Callable[[], None] | None = None
    popen: dict[str, Any] = field(default_factory=dict)
    owner: tuple[int, int] | None = None
    stranger: bool = False

    def hand_over(self, folder: Path) -> None:
        """Give a folder with all that is in it to the account that the server runs under."""
        if self.owner is None or folder.stat().st_uid == self.owner[0]:
            return
        for place, _, files in os.walk(folder):
            for name in ("", *files):
                os.chown(os.path.join(place, name), *self.owner, follow_symlinks=False)

    def let_through(self, folder: Path) -> None:
        """Let a stranger's account walk through a private folder, without letting it look around."""
        if self.stranger and folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o011)


def disguise(data: Path) -> Disguise:
    """The way PostgreSQL can run here with its files in `data`; raises Unavailable when none works."""
    if os.geteuid() != 0:
        return Disguise()
    if _namespaces_work():
        return Disguise(before_exec=enter_namespace, owner=(os.geteuid(), os.getegid()))
    return _as_nobody(data)


def enter_namespace() -> None:
    """Become nobody inside a new user namespace; runs between fork and exec."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are refused")
    # The gid map may only be written once setgroups is off (user_namespaces(7)).
    maps = (("setgroups", "deny"), ("uid_map", f"{_NOBODY} {uid} 1"), ("gid_map", f"{_NOBODY} {gid} 1"))
    for name, text in maps:
        file = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(file, text.encode())
        os.close(file)


def die_with_parent(sig: int = signal.SIGTERM) -> None:
    """Ask the kernel for `sig` when the parent ends, however it ends (prctl(2)); runs before exec."""
    _libc.prctl(_PR_SET_PDEATHSIG, sig)


def _namespaces_work() -> bool:
    try:
        return subprocess.run(["/bin/true"], preexec_fn=enter_namespace, check=False).returncode == 0
    except (subprocess.SubprocessError, OSError):
        return False


def _as_nobody(data: Path) -> Disguise:
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        raise Unavailable(_cannot("this machine has no account nobody")) from None
    if not passable(data.parent.parent):
        raise Unavailable(_cannot(f"the account nobody may not enter {data.parent.parent}"))
    return Disguise(
        popen={"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []},
        owner=(account.pw_uid, account.pw_gid),
        stranger=True,
    )


def _cannot(why: str) -> str:
    return (
        f"PostgreSQL does not run as root and {why}: start as an ordinary user, set NURTURE_HOME to a "
        "folder such as /var/lib/nurture, or set NURTURE_DATABASE_URL to a server of your own."
    )


def passable(folder: Path) -> bool:
    """Whether every user may walk down to `folder`."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


def reachable_programs(folder: Path, way: Disguise) -> Path:
    """The PostgreSQL programs at a place where the server's account can run them."""
    if not way.stranger or passable(folder):
        return folder
    copy = _PROGRAMS / f"postgres-{folder.parent.stat().st_mtime_ns}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(folder.parent, unfinished, symlinks=True)
        for place in (_PROGRAMS, unfinished):
            place.chmod(0o755)
        unfinished.rename(copy)
    return copy / "bin"
