"""What lies where in the home folder."""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nurture.embedded.postgres import Postgres
from nurture.embedded.redis_server import RedisServer
from nurture.embedded.sockets import socket_folder
from nurture.errors import Unavailable


@dataclass(frozen=True)
class Home:
    """The folders of one installation. `make()` creates them, private to the user."""

    folder: Path

    @property
    def run(self) -> Path:
        """Locks, sockets and ports: worth nothing once everything is stopped."""
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def catcher(self) -> Path:
        """The mails that the catcher took."""
        return self.folder / "catcher"

    def make(self) -> None:
        """Create what is missing; raises Unavailable with the reason when that cannot be done."""
        try:
            for folder in (self.folder, self.run, self.log):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._try_to_write()
        except OSError as error:
            raise Unavailable(_why(self.folder, error)) from error

    def postgres(self) -> Postgres:
        return Postgres(self.folder / "postgres", self._sockets(), self.log / "postgres.log")

    def redis(self) -> RedisServer:
        return RedisServer(self.folder / "redis", self._sockets(), self.log / "redis.log")

    def forget_sockets(self) -> None:
        """Leave no empty short folder behind once nothing runs."""
        folder = self._sockets()
        if folder.parent != self.run:
            with suppress(OSError):
                folder.rmdir()

    def _sockets(self) -> Path:
        return socket_folder(self.run / "sockets")

    def _try_to_write(self) -> None:
        # A few blocks, so that a full disk is told before a server stumbles over it.
        probe = self.run / f"probe.{os.getpid()}"
        try:
            probe.write_bytes(bytes(65536))
        finally:
            probe.unlink(missing_ok=True)


def _why(folder: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk of {folder} is full: make room and start again."
    return (
        f"{folder} cannot be used as the home folder ({error.strerror}): "
        "give it to this user, or set NURTURE_HOME to another folder."
    )
