"""Keeping child processes alive, and ending every one of them.

Each child runs in a session of its own, so that Ctrl-C reaches the supervisor alone; the kernel kills
it when the supervisor dies; its output goes to a log file of bounded size.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nurture.embedded import privileges, processes
from nurture.errors import Unavailable

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
_HEALTHY_AFTER = 60.0  # a child that lived so long starts again without delay
_HEAL_BEATS, _LOG_BEATS = 5, 50
_LOG_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Role:
    """What a child is: its name in the log, and the words that start it."""

    name: str
    words: tuple[str, ...]


class Child:
    """One supervised process."""

    def __init__(self, role: Role, log: Path) -> None:
        self.role = role
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._delay = _FIRST_DELAY
        self._again_at = 0.0

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.role.words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_supervisor,
            )
        self._started = time.monotonic()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def revive(self) -> str | None:
        """Start it again when it died and its delay is over; a line for the log when it just died."""
        if self._process is None:
            return self._start_again() if time.monotonic() >= self._again_at else None
        code = self._process.poll()
        if code is None:
            return None
        return self._bury(code)

    def ask_to_end(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End the process and everything it started, unasked."""
        if self._process is None:
            return
        for pid in processes.of_session(self._process.pid):
            processes.send(pid, signal.SIGKILL)
        self._process.wait(10)

    def _start_again(self) -> str | None:
        try:
            self.start()
        except OSError as error:  # a full disk, or no process to be had
            return f"{self.role.name} cannot start ({error.strerror}), {self._wait()}"
        return None

    def _bury(self, code: int) -> str:
        assert self._process is not None
        for pid in processes.of_session(self._process.pid):
            processes.send(pid, signal.SIGKILL)
        self._process = None
        if time.monotonic() - self._started > _HEALTHY_AFTER:
            self._delay = _FIRST_DELAY
        return f"{self.role.name} ended ({_reason(code)}), {self._wait()}; see {self.log}"

    def _wait(self) -> str:
        """Put the next start off, twice as far as the last time."""
        delay = self._delay
        self._again_at = time.monotonic() + delay
        self._delay = min(delay * 2, _LONGEST_DELAY)
        return f"starts again in {delay:.1f} s"


class Supervisor:
    """A set of children. `heal()` brings back what they need and gives its names; `say` takes log lines."""

    def __init__(
        self,
        roles: Iterable[Role],
        logs: Path,
        *,
        heal: Callable[[], list[str]],
        say: Callable[[str], None],
    ) -> None:
        self.children = [Child(role, logs / f"{role.name}.log") for role in roles]
        self._heal = heal
        self._logs = logs
        self._say = say
        self._said = ""
        self._beats = 0

    def start(self) -> None:
        for child in self.children:
            child.start()

    def beat(self) -> None:
        """Revive what died; to be called a few times a second."""
        for child in self.children:
            line = child.revive()
            if line:
                self._say(line)
        self._beats += 1
        if self._beats % _HEAL_BEATS == 0:
            self._try(self._revive_servers)
        if self._beats % _LOG_BEATS == 0:
            self._try(self._bound_logs)

    def _try(self, upkeep: Callable[[], list[str]]) -> None:
        """Do what can be done and say what cannot, once; the supervisor itself goes on."""
        try:
            lines = upkeep()
        except (Unavailable, OSError) as fault:
            lines = [] if str(fault) == self._said else [str(fault)]
            self._said = str(fault)
        else:
            self._said = ""
        for line in lines:
            self._say(line)

    def _revive_servers(self) -> list[str]:
        return [f"{name} had ended and was started again" for name in self._heal()]

    def _bound_logs(self) -> list[str]:
        bound_logs(self._logs)
        return []

    def stop(self, *, patience: float = 10.0, hurry: Callable[[], bool] = lambda: False) -> None:
        """End every child: asked first, killed after `patience` seconds or when `hurry` is true."""
        for child in self.children:
            child.ask_to_end()
        until = time.monotonic() + patience
        while not all(child.ended() for child in self.children):
            if time.monotonic() > until or hurry():
                break
            time.sleep(0.05)
        for child in self.children:
            child.kill()


def bound_logs(folder: Path, limit: int = _LOG_LIMIT) -> None:
    """Move what is too long in a log aside, so that each takes at most twice `limit` bytes.

    The writers keep their files open in append mode, so the file is copied and emptied in place; a line
    written in between is lost. Where the disk has no room for the copy, the file is emptied all the same.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > limit:
            with suppress(OSError):
                log.with_suffix(".log.1").write_bytes(log.read_bytes()[-limit:])
            os.truncate(log, 0)


def _die_with_supervisor() -> None:
    privileges.die_with_parent(signal.SIGKILL)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
