"""Where mails to invented people end: an SMTP server of our own on loopback, while the month is lived."""

import email
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from nurture.embedded.ports import any_free

_HOST = "127.0.0.1"
_DOOR = re.compile(r'="([^"]*/(o|c|u)/([^"]+))"')
# What no reader sees, and nobody of the demo follows (mail/trap).
_UNSEEN = re.compile(r'<a [^>]*aria-hidden="true"[^>]*>')


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it reached a reader: the tokens of its pixel and its links, and of leaving."""

    to: str
    opening: str
    links: tuple[str, ...]


class Sink:
    """Takes every mail; those for the addresses in `unknown` are refused as no such person."""

    def __init__(self, unknown: frozenset[str]) -> None:
        self._unknown = unknown
        self._letters: list[tuple[str, bytes]] = []
        self.port = any_free(_HOST)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self._unknown:
            return "550 5.1.1 No such person here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._letters.append((envelope.rcpt_tos[0], envelope.original_content or b""))
        return "250 2.0.0 Kept nowhere"

    def take(self) -> Iterator[Letter]:
        """What has come since, once, in order of the addresses."""
        letters, self._letters = self._letters, []
        for to, raw in sorted(letters):
            yield _read(to, raw)


@contextmanager
def open_sink(unknown: frozenset[str]) -> Iterator[Sink]:
    """The sink, listening until the block ends."""
    sink = Sink(unknown)
    server = Controller(sink, hostname=_HOST, port=sink.port, enable_SMTPUTF8=True)
    server.start()
    try:
        yield sink
    finally:
        server.stop()


def _read(to: str, raw: bytes) -> Letter:
    parts = (part for part in email.message_from_bytes(raw).walk() if part.get_content_type() == "text/html")
    html = next((part.get_payload(decode=True) for part in parts), b"")
    words = html.decode() if isinstance(html, bytes) else ""
    tokens = [(door, unescape(token)) for _address, door, token in _DOOR.findall(_UNSEEN.sub("", words))]
    return Letter(
        to=to,
        opening=next((token.removesuffix(".gif") for door, token in tokens if door == "o"), ""),
        links=tuple(token for door, token in tokens if door == "c"),
    )
