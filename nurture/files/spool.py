"""The host's spool of hits: appended to by every web process, drained by any worker of the host.

Each process writes a segment of its own (`<id>.hits`, one JSON line a hit) and holds an exclusive lock on
it as long as it may still write; a segment that can be locked has lost its writer and may be removed once
it is drained. How far a segment is drained stands beside it (`<id>.done`). It is moved after the
transaction that took the lines, so after a crash some lines are read again; the taker knows them by id.
The mark is made with the segment and written over in place: on a full disk, draining goes on and makes
room.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import structlog

log = structlog.get_logger()

SEGMENT_BYTES = 32 * 1024 * 1024
SEGMENT_SECONDS = 600.0
SYNC_SECONDS = 1.0
_A_FEW_HITS = 4096  # bytes


def folder_of(home: Path) -> Path:
    """Where the processes of a home spool."""
    return home / "spool"


class Spool:
    """The writing end, safe to share between threads and to carry over a fork."""

    def __init__(
        self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, segment_seconds: float = SEGMENT_SECONDS
    ) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._lock = threading.Lock()
        self._segment: _Segment | None = None

    def append(self, line: bytes) -> None:
        """Write one line (without its newline). It survives the death of the process at once and that of
        the host after a second. Raises OSError when the disk refuses."""
        with self._lock:
            segment = self._current()
            segment.write(line)

    def close(self) -> None:
        """Sync and let go of the segment; the next append begins another one."""
        with self._lock:
            if self._segment is not None:
                self._segment.close()
            self._segment = None

    def _current(self) -> "_Segment":
        segment = self._segment
        if segment is not None:
            young = time.monotonic() - segment.began < self._segment_seconds
            if segment.is_own and young and segment.size < self._segment_bytes:
                return segment
            segment.close()
        self._segment = None
        self._segment = segment = _Segment(self.folder)
        return segment


class _Segment:
    """One file, locked for writing by this process, synced by a thread of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = uuid4().hex
        hidden, shown = folder / f".{name}.new", folder / f"{name}.hits"
        self.fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # Locked before it can be seen: a drainer must never take it for an abandoned one.
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        try:
            _note(shown, 0)
            hidden.rename(shown)
        except OSError:
            os.close(self.fd)
            for made in (hidden, _mark_of(shown)):
                made.unlink(missing_ok=True)
            raise
        self._pid = os.getpid()
        self.began = time.monotonic()
        self.size = 0
        self._torn = False
        self._dirty = threading.Event()
        self._closed = threading.Event()
        self._syncer = threading.Thread(target=self._sync_each_second, name="spool-sync", daemon=True)
        self._syncer.start()

    def write(self, line: bytes) -> None:
        data = (b"\n" if self._torn else b"") + line + b"\n"
        self._torn = True
        written = os.write(self.fd, data)
        if written < len(data):
            raise OSError(f"the spool took {written} of {len(data)} bytes")
        self._torn = False
        self.size += written
        self._dirty.set()

    @property
    def is_own(self) -> bool:
        """False in a child that was forked with this segment open: it belongs to the parent."""
        return self._pid == os.getpid()

    def close(self) -> None:
        if self.is_own:
            self._closed.set()
            self._dirty.set()
            self._syncer.join()
            self._sync()
        os.close(self.fd)

    def _sync_each_second(self) -> None:
        while not self._closed.is_set():
            self._dirty.wait()
            self._dirty.clear()
            self._sync()
            self._closed.wait(SYNC_SECONDS)

    def _sync(self) -> None:
        try:
            os.fdatasync(self.fd)
        except OSError as fault:
            log.error("spool.sync_failed", error=fault.strerror)


@dataclass
class Drained:
    """Lines taken from segments; `keep()` moves the marks, once the lines are safe elsewhere."""

    lines: list[bytes]
    marks: list[tuple[Path, int]]

    def keep(self) -> None:
        """Note how far the segments are drained; remove those that are whole and have no writer."""
        for segment, offset in self.marks:
            _note(segment, offset)
            _remove_if_done(segment, offset)


@contextmanager
def draining(folder: Path, limit: int) -> Iterator[Drained | None]:
    """Up to `limit` lines of the host's segments, oldest segment first; None while another process of the
    host drains. Nothing is moved until `keep()` is called."""
    if not folder.is_dir():
        yield Drained([], [])
        return
    fd = os.open(folder / "drain.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield _take(folder, limit)
    finally:
        os.close(fd)


def waiting_bytes(folder: Path) -> int:
    """How much is written and not drained yet."""
    total = 0
    for segment in folder.glob("*.hits"):
        with suppress(FileNotFoundError):  # drained and removed while I look
            total += segment.stat().st_size - _offset(segment)
    return total


def refusal(folder: Path) -> str | None:
    """Why no line could be written here now, in the words of the system; None where one can. It is tried."""
    probe = folder / f".{uuid4().hex}.probe"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            probe.write_bytes(b"\n" * _A_FEW_HITS)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as fault:
        return fault.strerror or type(fault).__name__
    return None


def _take(folder: Path, limit: int) -> Drained:
    drained = Drained([], [])
    for segment in _segments(folder):
        if len(drained.lines) >= limit:
            break
        lines, offset = _read(segment, _offset(segment), limit - len(drained.lines))
        drained.lines += lines
        drained.marks.append((segment, offset))
    return drained


def _segments(folder: Path) -> list[Path]:
    found = [(path.stat().st_mtime_ns, path) for path in folder.glob("*.hits")]
    return [path for _, path in sorted(found)]


def _read(segment: Path, offset: int, limit: int) -> tuple[list[bytes], int]:
    """Whole lines from `offset`; a last line without its newline is left for the next time."""
    lines: list[bytes] = []
    with segment.open("rb") as file:
        file.seek(offset)
        for line in file:
            if len(lines) >= limit or not line.endswith(b"\n"):
                break
            offset += len(line)
            if line.strip():
                lines.append(line.rstrip(b"\n"))
    return lines, offset


def _mark_of(segment: Path) -> Path:
    return segment.with_suffix(".done")


def _offset(segment: Path) -> int:
    try:
        text = _mark_of(segment).read_text()
    except FileNotFoundError:
        return 0
    # A mark that was never written only means reading again.
    return int(text) if text.isdigit() else 0


def _note(segment: Path, offset: int) -> None:
    """Always as many bytes, in one write: they need no room that the mark does not have already."""
    if offset and offset == _offset(segment):
        return
    fd = os.open(_mark_of(segment), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(fd, f"{offset:020d}".encode(), 0)
    finally:
        os.close(fd)


def _remove_if_done(segment: Path, offset: int) -> None:
    try:
        fd = os.open(segment, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _rest_is_empty(fd, offset):
            segment.unlink()
            _mark_of(segment).unlink(missing_ok=True)
    except BlockingIOError:
        return
    finally:
        os.close(fd)


def _rest_is_empty(fd: int, offset: int) -> bool:
    """Whether nothing whole is left. A line without its newline was cut by the death of its writer (or a
    full disk) before it was answered for, and is dropped with its segment."""
    rest = os.fstat(fd).st_size - offset
    return rest == 0 or (rest < 65536 and b"\n" not in os.pread(fd, rest, offset))
