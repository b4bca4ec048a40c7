"""Link targets in memory and in a file of the host, so that redirects need neither Redis nor PostgreSQL.

A link never changes, so the cache never goes stale; it only lacks what is new. New links are looked up in
the background, and a link that is asked for and unknown is looked up at once, for a short moment.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from nurture.rules.redirects import location

log = structlog.get_logger()

# (after_id, wanted ids) -> (id, target) of every link with a higher id and of the wanted ones.
Fetch = Callable[[int, Collection[int]], Iterable[tuple[int, str]]]

REFRESH_SECONDS = 5.0
RETRY_SECONDS = 1.0
PATIENCE_SECONDS = 0.3
# Ids are given before they are committed: a few lower ones may appear after a higher one.
_OVERLAP = 1000
_MISS_SECONDS = 5.0
_MOST_MISSES = 10_000


def file_of(home: Path) -> Path:
    """Where the processes of a home keep the targets."""
    return home / "links.jsonl"


class Away(Exception):
    """The link is not known here, and the place that would know does not answer."""


class LinkCache:
    """`target(id)` answers from memory. Making one reads the file and begins to look for new links, so
    that a door knows them before they are clicked; a forked child begins anew at its first question."""

    def __init__(
        self,
        path: Path,
        fetch: Fetch,
        *,
        refresh_seconds: float = REFRESH_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._path = path
        self._fetch = fetch
        self._refresh_seconds = refresh_seconds
        self._patience = patience
        self._targets: dict[int, str] = {}
        self._missing: dict[int, float] = {}
        self._pid = 0
        self._begin = threading.Lock()
        self.start()

    def target(self, link_id: int) -> str | None:
        """The Location of a link; None when there is no such link. Raises Away when that cannot be told."""
        self.start()
        found = self._targets.get(link_id)
        if found is not None or self._known_missing(link_id):
            return found
        return self._ask(link_id)

    def start(self) -> None:
        """Read the file and begin refreshing, once in each process (so also after a fork)."""
        if self._pid == os.getpid():
            return
        with self._begin:
            if self._pid == os.getpid():
                return
            self._targets = dict(_read(self._path))
            self._highest = max(self._targets, default=0)
            self._wanted: set[int] = set()
            self._turn = threading.Condition()
            self._asked = self._answered = 0
            self._failed = self._closed = False
            self._pid = os.getpid()
            threading.Thread(target=self._refresh_forever, name="link-refresh", daemon=True).start()

    def close(self) -> None:
        """Stop refreshing; what is known stays known."""
        if self._pid == os.getpid():
            with self._turn:
                self._closed = True
                self._turn.notify_all()

    def _known_missing(self, link_id: int) -> bool:
        since = self._missing.get(link_id)
        return since is not None and time.monotonic() - since < _MISS_SECONDS

    def _ask(self, link_id: int) -> str | None:
        """Have the background thread look, and wait for it no longer than the patience of a reader."""
        with self._turn:
            self._wanted.add(link_id)
            if self._failed:
                raise Away  # The next look is on its way: nobody queues up behind one that just failed.
            self._asked += 1
            mine = self._asked
            self._turn.notify_all()
            in_time = self._turn.wait_for(lambda: self._answered >= mine, timeout=self._patience)
            found = self._targets.get(link_id)
            if found is None and (not in_time or self._failed):
                raise Away
        if found is None:
            self._remember_missing(link_id)
        return found

    def _remember_missing(self, link_id: int) -> None:
        if len(self._missing) >= _MOST_MISSES:
            self._missing.clear()
        self._missing[link_id] = time.monotonic()

    def _refresh_forever(self) -> None:
        while not self._closed:
            with self._turn:
                asked, wanted = self._asked, frozenset(self._wanted)
            failed = not self._refresh(wanted)
            with self._turn:
                self._failed = failed
                self._answered = asked
                if not failed:
                    self._wanted -= wanted
                self._turn.notify_all()
                self._turn.wait_for(self._is_wanted, timeout=self._pause())

    def _is_wanted(self) -> bool:
        return self._closed or (self._asked > self._answered and not self._failed)

    def _pause(self) -> float:
        return min(RETRY_SECONDS, self._refresh_seconds) if self._failed else self._refresh_seconds

    def _refresh(self, wanted: Collection[int]) -> bool:
        """Take in what is new; False when the source does not answer."""
        try:
            rows = list(self._fetch(max(0, self._highest - _OVERLAP), wanted))
        except Exception as fault:  # noqa: BLE001 - whatever the driver raises, the redirects go on.
            if not self._failed:
                log.warning("links.source_away", error=type(fault).__name__)
            return False
        fresh = {
            number: where for number, url in rows if number not in self._targets and (where := location(url))
        }
        if fresh:
            self._append(fresh)
            self._targets.update(fresh)
            self._highest = max(self._highest, *fresh)
        return True

    def _append(self, fresh: dict[int, str]) -> None:
        try:
            append(self._path, fresh)
        except OSError as fault:
            log.error("links.file_refused", error=fault.strerror)


def append(path: Path, targets: dict[int, str]) -> None:
    """Add lines to the file; raises OSError."""
    with _locked(path), path.open("ab") as file:
        file.write(b"".join(_line(number, where) for number, where in targets.items()))


def rewrite(path: Path, targets: dict[int, str]) -> None:
    """Put a new file in the place of the old one, whole or not at all; raises OSError."""
    with _locked(path):
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(b"".join(_line(number, where) for number, where in targets.items()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def _read(path: Path) -> Iterator[tuple[int, str]]:
    """Every whole line of the file. Lines that make no sense are passed over: the source knows them."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            number, where = json.loads(line)
        except (ValueError, TypeError):
            continue
        if isinstance(number, int) and isinstance(where, str) and location(where) == where:
            yield number, where


def _line(number: int, where: str) -> bytes:
    return json.dumps([number, where]).encode("ascii") + b"\n"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
