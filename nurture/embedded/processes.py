"""Facts about processes of this machine, read from /proc (proc(5))."""

import os
import signal
import subprocess
import time
from pathlib import Path


def command_line(pid: int) -> list[str]:
    """The words a process was started with; empty when it is gone or a kernel's own."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(word) for word in raw.split(b"\0") if word]


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"


def working_in(folder: Path) -> list[int]:
    """Processes whose current folder is `folder`, as far as the caller may see."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _folder_of(pid) == str(folder)]


def of_session(leader: int) -> list[int]:
    """Every process of the session that `leader` opened, wherever its parents went."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _session_of(pid) == leader]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _folder_of(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def end(pid: int, sig: int, *, patience: float) -> None:
    """Send `sig`, wait `patience` seconds for the end, then kill."""
    if not send(pid, sig) or gone_within(pid, patience):
        return
    send(pid, signal.SIGKILL)
    gone_within(pid, 5.0)


def gone_within(pid: int, seconds: float) -> bool:
    """Whether the process ends within `seconds`; reaps it when it is the caller's own child."""
    until = time.monotonic() + seconds
    while not _reaped(pid) and alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False


def send(pid: int, sig: int) -> bool:
    """Send a signal; False when the process is gone."""
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return False
    return True


def size(log: Path) -> int:
    """Where a log ends now; 0 when there is none."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def tail(log: Path, since: int, *, characters: int = 2000) -> str:
    """The end of what was added to a log since then, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(since, size(log) - characters))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def detached(words: list[str], log: Path, **options: object) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C in a terminal does not reach it first."""
    with log.open("ab") as output:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **options,
        )
