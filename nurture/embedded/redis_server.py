"""One Redis server out of its wheel: start or adopt it, stop it. It listens on a Unix socket only."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from nurture.embedded import parts, privileges, processes
from nurture.embedded.postgres import failure
from nurture.errors import Unavailable

_START_SECONDS = 60.0


@dataclass(frozen=True)
class RedisServer:
    """Where one server keeps its data, its socket and its log."""

    data: Path
    sockets: Path
    log: Path
    durable: bool = True
    before_exec: Callable[[], None] | None = None

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def ensure(self) -> int:
        """Have it running and return its process id: adopted when it runs, else started."""
        pid, said = self.running(), processes.size(self.log)
        if pid is None:
            pid = self._start()
        self._wait_until_it_answers(pid, said)
        return pid

    def running(self) -> int | None:
        """The process id of the server of this data folder, if it lives."""
        try:
            pid = int((self.data / "redis.pid").read_text())
        except (OSError, ValueError):
            return None
        words = processes.command_line(pid)
        ours = (
            bool(words)
            and ("redis" in words[0] or "valkey" in words[0])
            and str(self.socket) in " ".join(words)
        )
        return pid if ours and processes.alive(pid) else None

    def stop(self, *, patience: float = 10.0) -> None:
        """End it; it writes what it holds first."""
        pid = self.running()
        if pid is not None:
            processes.end(pid, signal.SIGTERM, patience=patience)

    def _start(self) -> int:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep = (
            ("--appendonly", "yes", "--appendfsync", "everysec")
            if self.durable
            else ("--save", "", "--appendonly", "no")
        )
        process = processes.detached(
            [
                *(str(parts.redis_program()), "--port", "0", "--dir", str(self.data)),
                *("--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                *("--pidfile", str(self.data / "redis.pid"), "--maxmemory-policy", "noeviction"),
                *keep,
            ],
            self.log,
            preexec_fn=self.before_exec,
            cwd="/",
        )
        return process.pid

    def _wait_until_it_answers(self, pid: int, since: int) -> None:
        until = time.monotonic() + _START_SECONDS
        client = Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))
        try:
            while not _answers(client):
                if processes.gone_within(pid, 0.03):
                    raise failure("Redis did not start", processes.tail(self.log, since), self.data, self.log)
                if time.monotonic() > until:
                    raise Unavailable(
                        f"Redis does not answer after {_START_SECONDS:.0f} seconds; see {self.log}."
                    )
        finally:
            client.close()


def throwaway_redis(data: Path, sockets: Path, log: Path) -> RedisServer:
    """A server for tests: nothing is kept, and it dies with the caller."""
    return RedisServer(data, sockets, log, durable=False, before_exec=privileges.die_with_parent)


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except BusyLoadingError:
        return False
    except RedisError:
        return False
