"""The caught mails, one file each, bounded to the newest; a second small file says what a list shows."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

KEPT = 2000


@dataclass(frozen=True, slots=True)
class Summary:
    """What the list says about one mail. `date` is that of its header; `size` is in bytes."""

    id: int
    sender: str
    to: str
    subject: str
    date: str
    size: int


class Box:
    """The folder of caught mails. Safe for several threads of one process."""

    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._kept = kept
        self._lock = threading.Lock()
        self._summaries = {summary.id: summary for summary in _read_summaries(folder)}
        self._last = max(self._summaries, default=0)

    def add(self, raw: bytes, *, sender: str, to: str) -> Summary:
        """Keep a mail; `sender` and `to` are those of the envelope, used where a header is missing."""
        with self._lock:
            self._last += 1
            summary = _summarise(self._last, raw, sender, to)
            self._mail(summary.id).write_bytes(raw)
            _summary_file(self._folder, summary.id).write_text(json.dumps(asdict(summary)))
            self._summaries[summary.id] = summary
            self._drop_the_oldest()
        return summary

    def newest_first(self) -> list[Summary]:
        with self._lock:
            return sorted(self._summaries.values(), key=lambda summary: -summary.id)

    def summary(self, number: int) -> Summary | None:
        return self._summaries.get(number)

    def raw(self, number: int) -> bytes | None:
        """The mail as it came, byte for byte."""
        if number not in self._summaries:
            return None
        try:
            return self._mail(number).read_bytes()
        except FileNotFoundError:
            return None

    def _drop_the_oldest(self) -> None:
        while len(self._summaries) > self._kept:
            oldest = min(self._summaries)
            del self._summaries[oldest]
            self._mail(oldest).unlink(missing_ok=True)
            _summary_file(self._folder, oldest).unlink(missing_ok=True)

    def _mail(self, number: int) -> Path:
        return self._folder / f"{number:08d}.eml"


def _summary_file(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.json"


def _read_summaries(folder: Path) -> Iterator[Summary]:
    for file in sorted(folder.glob("*.json")):
        try:
            yield Summary(**json.loads(file.read_text()))
        except (ValueError, TypeError):
            file.unlink()  # cut short by a full disk or a kill; its mail is not shown


def _summarise(number: int, raw: bytes, sender: str, to: str) -> Summary:
    head = message_from_bytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return Summary(
        id=number,
        sender=_text(head, "From") or sender,
        to=_text(head, "To") or to,
        subject=_text(head, "Subject"),
        date=_text(head, "Date"),
        size=len(raw),
    )


def _text(head: Message, name: str) -> str:
    """A header in readable form (RFC 2047 decoded); as it came when it cannot be decoded."""
    plain = " ".join(str(head.get(name, "")).split())
    try:
        return str(make_header(decode_header(plain)))
    except (HeaderParseError, LookupError, ValueError):
        return plain
