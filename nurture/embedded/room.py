"""How much room the disk of the home has left: said once when it runs out, and once when it is back."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

LEAST = 16 * 1024**2  # bytes; below that PostgreSQL cannot begin another segment of its log
_SECONDS = 5.0


class Room:
    """`beat()` is to be called a few times a second; `say` takes the lines."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._due = 0.0
        self._enough = True

    def beat(self) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _SECONDS
            self._look(shutil.disk_usage(self._folder).free >= LEAST)

    def _look(self, enough: bool) -> None:
        if enough == self._enough:
            return
        self._enough = enough
        if enough:
            self._say(f"There is room again on the disk of {self._folder}: work goes on.")
        else:
            self._say(
                f"The disk of {self._folder} is full: make room. Links in mails still work; mails and "
                "everything else wait until then."
            )
