"""One PostgreSQL server out of its wheel: make its data folder, start or adopt it, stop it.

Only the programs are used. The server listens on a Unix socket in a folder that nobody else may
enter, never on a network port.
"""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg

from nurture.embedded import parts, privileges, processes
from nurture.errors import Unavailable

PORT = 5432  # names the socket file; no port is opened
_DURABLE = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # details quote the row that was refused, with the address in it
}
_THROWAWAY = _DURABLE | {
    "shared_buffers": "128MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
_START_SECONDS = 120.0  # crash recovery of a large database takes its time


@dataclass(frozen=True)
class Postgres:
    """Where one server keeps its data, its socket and its log."""

    data: Path
    sockets: Path
    log: Path
    durable: bool = True
    before_exec: Callable[[], None] | None = None

    @property
    def url(self) -> str:
        """For the database `nurture`."""
        return f"postgresql://nurture@/nurture?host={quote(str(self.sockets), safe='/')}"

    def ensure(self) -> int:
        """Have it running and return its process id: adopted when it runs, else started."""
        self._refuse_other_version()
        pid, said = self.running(), processes.size(self.log)
        if pid is None:
            way = privileges.disguise(self.data)
            for folder in (self.data.parent, self.sockets.parent):
                way.let_through(folder)
            programs = privileges.reachable_programs(parts.postgres_folder(), way)
            self._make_data(programs, way)
            pid = self._start(programs, way)
        self._wait_until_it_answers(pid, said)
        self._ensure_database()
        return pid

    def running(self) -> int | None:
        """The process id of the server of this data folder, if it lives."""
        pid = self._recorded_pid()
        return pid if pid is not None and self._is_ours(pid) else None

    def stop(self, *, patience: float = 20.0) -> None:
        """End it by a fast shutdown (SIGINT: clients are disconnected, nothing is lost)."""
        pid = self.running()
        if pid is not None:
            processes.end(pid, signal.SIGINT, patience=patience)

    def _refuse_other_version(self) -> None:
        mark = self.data / "PG_VERSION"
        if not mark.exists():
            return
        found, needed = mark.read_text().strip(), _major(parts.postgres_folder())
        if found != needed:
            raise Unavailable(
                f"The data in {self.data} was written by PostgreSQL {found}, this program brings "
                f"PostgreSQL {needed}: make a backup with the old version (nurture backup FILE), move the "
                "folder away, and bring it back with nurture restore FILE."
            )

    def _make_data(self, programs: Path, way: privileges.Disguise) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        # Made under another name and moved when whole, so that a start cut short leaves no half of it.
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        way.hand_over(unfinished)
        made = subprocess.run(
            [
                *(programs / "initdb", "-D", unfinished, "-U", "nurture", "-A", "trust", "-E", "UTF8"),
                *("--no-instructions", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(() if self.durable else ("--no-sync",)),
            ],
            preexec_fn=way.before_exec,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **way.popen,
        )
        if made.returncode != 0:
            raise failure("PostgreSQL could not make its data folder", made.stderr, self.data)
        unfinished.rename(self.data)

    def _start(self, programs: Path, way: privileges.Disguise) -> int:
        self._clear_marks_of_the_dead()
        way.hand_over(self.data)
        way.hand_over(self.sockets)
        settings = _DURABLE if self.durable else _THROWAWAY
        process = processes.detached(
            [
                *(str(programs / "postgres"), "-D", str(self.data), "-k", str(self.sockets)),
                *("-h", "", "-p", str(PORT)),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            self.log,
            preexec_fn=_both(way.before_exec, self.before_exec),
            cwd="/",
            **way.popen,
        )
        return process.pid

    def _clear_marks_of_the_dead(self) -> None:
        """Take away pid files whose number now belongs to somebody else's process.

        PostgreSQL itself clears its marks when nothing has that number. When the number has been given
        away (after a reboot), it would refuse to start for ever.
        """
        if self._recorded_pid() is None:
            return
        until = time.monotonic() + 10
        while processes.working_in(self.data):  # back ends of a killed server are still leaving
            if time.monotonic() > until:
                raise Unavailable(
                    f"Processes of an earlier PostgreSQL still work in {self.data}: "
                    f"end process {processes.working_in(self.data)[0]} and start again."
                )
            time.sleep(0.1)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _is_ours(self, pid: int) -> bool:
        words = processes.command_line(pid)
        return processes.alive(pid) and str(self.data) in words and "postgres" in words[0]

    def _wait_until_it_answers(self, pid: int, since: int) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._connect("postgres").close()
                return
            except psycopg.OperationalError as error:
                if processes.gone_within(pid, 0.05):
                    said = processes.tail(self.log, since)
                    raise failure("PostgreSQL did not start", said, self.data, self.log) from error
                if time.monotonic() > until:
                    raise Unavailable(
                        f"PostgreSQL does not answer after {_START_SECONDS:.0f} seconds; see {self.log}."
                    ) from error

    def _ensure_database(self) -> None:
        there = "SELECT 1 FROM pg_database WHERE datname = 'nurture'"
        try:
            with self._connect("postgres") as connection:
                if connection.execute(there).fetchone() is None:
                    connection.execute("CREATE DATABASE nurture")
        except psycopg.Error as error:
            raise failure("PostgreSQL could not make the database", str(error), self.data) from error

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.sockets),
            port=PORT,
            user="nurture",
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )


def throwaway_postgres(data: Path, sockets: Path, log: Path) -> Postgres:
    """A server for tests: nothing is synced to disk, and it dies with the caller."""
    return replace(Postgres(data, sockets, log), durable=False, before_exec=_end_with_caller)


def failure(what: str, said: str, folder: Path, log: Path | None = None) -> Unavailable:
    """One sentence for a server that would not work, from what it said last."""
    if "No space left on device" in said:
        return Unavailable(f"{what}: the disk of {folder} is full; make room and start again.")
    lines = said.splitlines() or ["it gave no reason"]
    telling = [line for line in lines if "FATAL" in line or "error:" in line]
    reason = (telling or lines)[-1].strip()
    return Unavailable(f"{what}: {reason}" + (f" (see {log})" if log else ""))


def _end_with_caller() -> None:
    privileges.die_with_parent(signal.SIGINT)


def _both(first: Callable[[], None] | None, second: Callable[[], None] | None) -> Callable[[], None] | None:
    if first is None or second is None:
        return first or second

    def run() -> None:
        first()
        second()

    return run


def _major(programs: Path) -> str:
    said = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return said.split()[2].split(".")[0]
