"""Lines that the disk refuses, kept in memory until it takes them."""

import threading
from collections import deque

import structlog

from nurture.files.spool import Spool

log = structlog.get_logger()

# About ten megabytes. Who answers a hundred hits a second has minutes to make room.
MOST_HELD = 20_000
AGAIN_SECONDS = 1.0
_SAID_EVERY = 1_000


class HeldSpool:
    """A spool that never refuses. What does not fit on the disk now is written as soon as it fits; only the
    oldest of a great many lines, or all of them with the death of the process, are lost. Each of them goes
    by the stream too."""

    def __init__(self, spool: Spool, *, again_seconds: float = AGAIN_SECONDS) -> None:
        self._spool = spool
        self._again_seconds = again_seconds
        self._held: deque[bytes] = deque(maxlen=MOST_HELD)
        self._lock = threading.Lock()
        self._trying = False
        self._given_up = 0

    def append(self, line: bytes) -> None:
        """Write one line, now or later."""
        try:
            self._spool.append(line)
        except OSError as fault:
            self._hold(line, fault)

    def _hold(self, line: bytes, fault: OSError) -> None:
        with self._lock:
            self._make_room()
            self._held.append(line)
            if self._trying:
                return
            self._trying = True
        log.error("spool.disk_refuses", error=fault.strerror or str(fault))
        threading.Thread(target=self._try_again, name="spool-held", daemon=True).start()

    def _make_room(self) -> None:
        """What the newest line pushes out is lost, unless the stream has brought it: said at the first of
        them, at every so many, and when the disk takes lines again."""
        if len(self._held) < MOST_HELD:
            return
        if self._given_up % _SAID_EVERY == 0:
            log.error("spool.lines_given_up", lines=self._given_up + 1)
        self._given_up += 1

    def _try_again(self) -> None:
        pause = threading.Event()
        while self._left():
            pause.wait(self._again_seconds)
            self._write_what_fits()
        log.warning("spool.disk_takes_again", given_up=self._given_up)
        self._given_up = 0

    def _left(self) -> bool:
        with self._lock:
            self._trying = bool(self._held)
            return self._trying

    def _write_what_fits(self) -> None:
        while self._held:
            line = self._held[0]
            try:
                self._spool.append(line)
            except OSError:
                return
            with self._lock:
                # The oldest may have been pushed out meanwhile: then this one stood behind it.
                if self._held and self._held[0] is line:
                    self._held.popleft()
