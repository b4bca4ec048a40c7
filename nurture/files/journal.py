"""The journal of a sending process: what was handed to a mail server and what it answered.

Each process writes a file of its own and holds an exclusive lock on it while it lives, so that others
know at once when it has died. The file holds one group of mails at a time: it is emptied when the group
stands in the database. Within a group:

- the opening line names every mail of the group; it is on the disk (fsync) before the first final dot;
- `S` stands before the final dot of a mail, `A` after the server's answer. A start survives the death of
  the process at once; an answer goes into the file together with the next start, which is the next thing
  that is written. Both survive the death of the host from the next fsync, which ends the group.

So after the death of the process, mails that were started and whose answer was not followed by another
start are in doubt and no others. After the
death of the host (another boot id) the last lines may be missing: all unanswered mails of the group are
in doubt then.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson

NEVER_BEGUN = "never_begun"
IN_DOUBT = "in_doubt"
ANSWERED = "answered"

_FORMAT = "nurture-journal-1"
# What a mail takes in the file at most: its name, its start and an answer with a long reply.
_BYTES_A_MAIL = 1024
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Trace:
    """What the journal knows of one mail. `token` is the lease it was claimed under; `answer` what was
    noted about the server's answer, in phase "answered" only."""

    delivery_id: int
    token: int
    phase: str
    answer: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Told:
    """What all journals of a host tell, by delivery. Where one of them cannot be read (`whole` is False),
    a mail that none of the others names is in doubt."""

    traces: Mapping[int, Trace]
    whole: bool


class Unreadable(Exception):
    """A journal that tells nothing."""


def folder_of(home: Path) -> Path:
    return home / "journal"


def host_id(folder: Path) -> str:
    """The name under which this home claims mails: random, made once, kept beside the journals. Whoever
    finds another name knows that the journals of that claim lie elsewhere."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "host"
    fresh = folder / f".{uuid4().hex}"
    if not path.exists():
        fresh.write_text(uuid4().hex)
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()


class Journal:
    """The writing end. Opened at the first group, anew after a fork. Any method may raise OSError: a
    mail whose start cannot be noted must not be sent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: _File | None = None
        self._unwritten = b""

    def open_group(self, members: Sequence[tuple[int, int]]) -> None:
        """Begin a group of (delivery_id, token); durable when this returns. A disk that has no room for
        the whole of it is full, even where the block at the end of the file would take its first lines: a
        mail that goes out now and then would tell everybody that all is well."""
        names = " ".join([f"{delivery_id}:{token}" for delivery_id, token in members])
        file = self._own_file()
        file.needs(_BYTES_A_MAIL * len(members))
        self._unwritten = b""
        file.write(f"G {names}\n".encode())
        file.sync()

    def start(self, delivery_id: int) -> None:
        """The final dot of this mail may go out from now on."""
        lines, self._unwritten = b"%sS %d\n" % (self._unwritten, delivery_id), b""
        self._own_file().write(lines)

    def answer(self, delivery_id: int, answer: Mapping[str, str]) -> None:
        """The server has answered, or the mail certainly did not get as far as its dot. Written together
        with the next start or sync, whichever comes first: one write a mail instead of two."""
        self._unwritten += b"A %d %s\n" % (delivery_id, orjson.dumps(answer))

    def sync(self) -> None:
        """Have the answers on the disk."""
        self._write_answers()
        self._own_file().sync()

    def close_group(self) -> None:
        """The group stands in the database. There is nothing to empty where not even a file could be made."""
        self._unwritten = b""
        if self._file is not None:
            self._own_file().empty()

    def abandon(self) -> None:
        """The group could not be recorded: leave the file to the sweeper and begin another one."""
        if self._file is not None:
            with suppress(
                OSError
            ):  # what a full disk does not take is in doubt, as it would be after a death
                self._write_answers()
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Let go of the file; an empty one is removed."""
        if self._file is not None and self._file.pid == os.getpid():
            self._file.remove_if_empty()
        self.abandon()

    def _write_answers(self) -> None:
        if self._unwritten:
            lines, self._unwritten = self._unwritten, b""
            self._own_file().write(lines)

    def _own_file(self) -> "_File":
        if self._file is None or self._file.pid != os.getpid():
            self._file = _File(self._folder)
        return self._file


class _File:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / f"{uuid4().hex}.journal"
        hidden = folder / f".{self._path.name}"
        self._fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # Locked before it can be seen: nobody must take it for one whose process has died.
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        head = f"{_FORMAT} {_boot_id()}\n".encode()
        self._head_size = len(head)
        try:
            self.write(head)
            hidden.rename(self._path)
            _sync_folder(folder)
        except OSError:
            os.close(self._fd)
            hidden.unlink(missing_ok=True)
            raise
        self.pid = os.getpid()

    def write(self, data: bytes) -> None:
        while data:  # a full disk takes a part, and says at the next part what is wrong
            data = data[os.write(self._fd, data) :]

    def needs(self, size: int) -> None:
        disk = os.fstatvfs(self._fd)
        # A file system that counts no blocks (some of those over a network) says nothing about its room.
        if disk.f_blocks and disk.f_bavail * disk.f_frsize < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def empty(self) -> None:
        os.ftruncate(self._fd, self._head_size)

    def remove_if_empty(self) -> None:
        if os.fstat(self._fd).st_size <= self._head_size:
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._fd)


def left_behind(folder: Path) -> Iterator[tuple[Path, list[Trace]]]:
    """Each readable journal whose process is gone, with what it tells; locked while the caller deals with
    it. Call `remove` once its traces stand in the database."""
    for path in sorted(folder.glob("*.journal")):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path, _traces(path)
        except (BlockingIOError, Unreadable):
            continue
        finally:
            os.close(fd)


def remove(path: Path) -> None:
    """Forget a journal that is dealt with."""
    path.unlink(missing_ok=True)


def all_told(folder: Path) -> Told:
    """What the journals of this host tell at this moment, those of living processes too. Of a mail that
    several have had in hand, one after the other, the one that had it last tells."""
    found: dict[int, Trace] = {}
    whole = folder.is_dir()
    for path in folder.glob("*.journal"):
        try:
            for trace in _traces(path):
                known = found.get(trace.delivery_id)
                if known is None or known.token < trace.token:
                    found[trace.delivery_id] = trace
        except FileNotFoundError:  # closed while I look
            continue
        except (Unreadable, OSError):
            whole = False
    return Told(found, whole)


def _traces(path: Path) -> list[Trace]:
    head, *lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    name, _, boot = head.partition(" ")
    if name != _FORMAT:
        raise Unreadable(f"{path.name} is no journal.")
    group = _Group()
    for line in lines[:-1]:  # what follows the last line end was cut short, so its mail was not begun
        group.take(line)
    return group.traces(same_boot=boot == _boot_id())


class _Group:
    """Reads the lines of a group."""

    def __init__(self) -> None:
        self._tokens: dict[int, int] = {}
        self._started: set[int] = set()
        self._answers: dict[int, Mapping[str, str]] = {}

    def take(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        try:
            if kind == "G":
                pairs = (member.split(":") for member in rest.split())
                self._tokens |= {int(delivery_id): int(token) for delivery_id, token in pairs}
            elif kind == "S":
                self._started.add(int(rest))
            elif kind == "A":
                delivery_id, _, answer = rest.partition(" ")
                self._answers[int(delivery_id)] = json.loads(answer)
            elif line:
                raise ValueError(kind)
        except ValueError as fault:
            raise Unreadable("A line of the journal cannot be read.") from fault

    def traces(self, *, same_boot: bool) -> list[Trace]:
        return [self._trace(delivery_id, token, same_boot) for delivery_id, token in self._tokens.items()]

    def _trace(self, delivery_id: int, token: int, same_boot: bool) -> Trace:
        answer = self._answers.get(delivery_id)
        if answer is not None:
            return Trace(delivery_id, token, ANSWERED, answer)
        doubtful = delivery_id in self._started or not same_boot
        return Trace(delivery_id, token, IN_DOUBT if doubtful else NEVER_BEGUN)


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
