"""The SMTP side of the catcher (RFC 5321), on a port that the system chose once for this home."""

import asyncio
import socket
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from nurture.embedded.catcher.box import Box

HOST = "127.0.0.1"
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
    if port is None or not port_is_free(HOST, port):
        port = _free_port()
        fresh = run / "catcher.port.new"
        fresh.write_text(str(port))
        fresh.replace(run / "catcher.port")
    return port


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose old connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
