"""File locks (flock(2)): the kernel drops them when their holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lock:
    """An open lock file. Shared by many or held by one."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def take(self) -> None:
        """Hold it alone; waits for the others."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def take_now(self) -> bool:
        """Hold it alone, unless somebody else has it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write(self, text: str) -> None:
        """Leave a word for whoever finds the lock held."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)

    def close(self) -> None:
        os.close(self._file)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """The only one inside, among all processes; waits for its turn."""
    lock = Lock(path)
    try:
        lock.take()
        yield
    finally:
        lock.close()
