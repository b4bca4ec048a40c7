"""The SMTP side of the catcher (RFC 5321), on a port that the system chose once for this home."""

import asyncio
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from nurture.embedded.catcher.box import Box
from nurture.embedded.ports import any_free, is_free

HOST = "127.0.0.1"
# The default of NURTURE_CATCHER_BIND: nobody chose it, so it may give way.
PAGE = ("127.0.0.1", 8025)
_LARGEST = 64 * 1024 * 1024


class Receiver:
    """Takes what is sent and puts it into the box."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        to = ", ".join(envelope.rcpt_tos)
        # Files are written off the loop, so that other connections go on meanwhile.
        await asyncio.to_thread(self._box.add, raw, sender=envelope.mail_from or "", to=to)
        return "250 2.0.0 Caught"


def controller(box: Box, port: int) -> Controller:
    """The server, not yet started; `start()` and `stop()` it."""
    return Controller(Receiver(box), hostname=HOST, port=port, data_size_limit=_LARGEST, enable_SMTPUTF8=True)


def recorded_port(run: Path) -> int | None:
    """The port the catcher of this home listens on, if one was ever chosen."""
    try:
        return int((run / "catcher.port").read_text())
    except (OSError, ValueError):
        return None


def choose_port(run: Path) -> int:
    """The recorded port when it is free, else a new one of the system's choice, recorded."""
    port = recorded_port(run)
    if port is None or not is_free((HOST, port)):
        port = any_free(HOST)
        fresh = run / "catcher.port.new"
        fresh.write_text(str(port))
        fresh.replace(run / "catcher.port")
    return port


def next_free(address: tuple[str, int]) -> tuple[str, int]:
    """The address itself; when it is the default and taken, the next port above that is free."""
    host, port = address
    if address != PAGE:
        return address
    return host, next((free for free in range(port, port + 100) if is_free((host, free))), port)
