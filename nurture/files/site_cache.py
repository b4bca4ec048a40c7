"""The websites that may report visits, in memory and in a file of the host, so that the door can tell them
while PostgreSQL is away, after a restart too."""

import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from nurture.rules.visits import covers

log = structlog.get_logger()

REFRESH_SECONDS = 5.0


def file_of(home: Path) -> Path:
    """Where the processes of a home keep the sites."""
    return home / "sites.json"


class SiteCache:
    """`covers(host)` answers from memory. Making one reads the file and begins to ask the source again and
    again; a forked child begins anew at its first question."""

    def __init__(
        self, path: Path, fetch: Callable[[], Sequence[str]], *, refresh_seconds: float = REFRESH_SECONDS
    ) -> None:
        self._path = path
        self._fetch = fetch
        self._seconds = refresh_seconds
        self._sites: frozenset[str] = frozenset(_read(path))
        self._pid = 0
        self._begin = threading.Lock()
        self._closed = threading.Event()
        self._start()

    def covers(self, host: str) -> bool:
        """Whether visits of this host, or of one below it, are wanted."""
        self._start()
        return bool(self._sites) and covers(self._sites, host)

    def refresh(self) -> bool:
        """Ask the source now; False when it does not answer, and what was known goes on."""
        try:
            found = frozenset(self._fetch())
        except Exception as fault:  # noqa: BLE001 - whatever the driver raises, the door goes on.
            log.debug("sites.source_away", error=type(fault).__name__)
            return False
        if found != self._sites or not self._path.exists():
            self._keep(found)
        self._sites = found
        return True

    def close(self) -> None:
        """Stop asking; what is known stays known."""
        self._closed.set()

    def _start(self) -> None:
        if self._pid == os.getpid():
            return
        with self._begin:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._refresh_forever, name="site-refresh", daemon=True).start()

    def _refresh_forever(self) -> None:
        while not self._closed.is_set():
            self.refresh()
            self._closed.wait(self._seconds)

    def _keep(self, sites: frozenset[str]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(f".{os.getpid()}.new")
            fresh.write_text(json.dumps(sorted(sites)))
            fresh.replace(self._path)
        except OSError as fault:
            log.error("sites.file_refused", error=fault.strerror)


def _read(path: Path) -> list[str]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
