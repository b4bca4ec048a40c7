"""A mail server on loopback behind TLS that fails in every phase, by a seeded die, and writes down each
mail that it accepts before it says so. The list is only ever appended to."""

import random
import socket
import ssl
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

# Chances of a fault: for each connection, and for each mail.
CONNECTION = {"no_banner": 0.03, "busy_banner": 0.03, "no_tls": 0.03, "broken_tls": 0.03, "no_ehlo": 0.03}
MAIL = {
    "mail_4xx": 0.01, "mail_hang": 0.004, "rcpt_4xx": 0.06, "rcpt_hang": 0.004, "data_4xx": 0.01,
    "data_hang": 0.004, "mid_body": 0.006, "before_accept_4xx": 0.01, "before_accept_hang": 0.004,
    "after_dot_hang": 0.012, "after_dot_half_close": 0.006, "slow": 0.01,
}  # fmt: skip
NEVER = "never-"  # these recipients do not exist


class _End(Exception):
    """Close the connection here, without a word."""


@dataclass(frozen=True)
class Accepted:
    """One mail, taken at `at`, its final dot read at `dot_at`. `sender` is that of its envelope; `told`:
    whether the answer was sent."""

    sender: str
    recipient: str
    data: bytes
    at: float
    told: bool
    dot_at: float


@dataclass
class FaultyServer:
    """`calm` stops all faults. `pause` seconds before the answer to each mail."""

    seed: int
    pause: float = 0.1
    calm: bool = False
    taken: list[Accepted] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._tls = _context()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtps://127.0.0.1:{self.port}?verify=no"

    def close(self) -> None:
        self._listener.close()

    def falls(self, name: str, chance: float) -> bool:
        with self._lock:
            hit = not self.calm and self._dice.random() < chance
            if hit:
                self.faults[name] = self.faults.get(name, 0) + 1
        return hit

    def accept(self, sender: str, recipient: str, data: bytes, *, told: bool, dot_at: float) -> None:
        with self._lock:
            self.taken.append(Accepted(sender, recipient, data, time.monotonic(), told, dot_at))

    def _listen(self) -> None:
        while True:
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError, _End, ValueError):
            sock.settimeout(120)
            if self.falls("no_tls", CONNECTION["no_tls"]):
                raise _End
            if self.falls("broken_tls", CONNECTION["broken_tls"]):
                sock.recv(64)
                sock.sendall(b"\x16\x03\x01 this is no handshake")
                raise _End
            sock = self._tls.wrap_socket(sock, server_side=True)
            _Dialogue(self, sock).run()
        with suppress(OSError):
            sock.close()


class _Dialogue:
    def __init__(self, server: FaultyServer, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.buffer = b""
        self.sender = self.recipient = ""

    def run(self) -> None:
        if self.falls("no_banner"):
            raise _End
        if self.falls("busy_banner"):
            self.say("421 4.3.2 too busy")
            raise _End
        self.say("220 fire ready")
        while True:
            verb, _, argument = self.line().decode("ascii", "replace").partition(" ")
            handler = getattr(self, f"on_{verb.lower()}", None)
            if handler is None:
                self.say("502 5.5.2 what?")
            else:
                handler(argument)

    def on_ehlo(self, argument: str) -> None:
        if self.falls("no_ehlo"):
            raise _End
        self.say("250-fire\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES")

    def on_quit(self, argument: str) -> None:
        self.say("221 bye")
        raise _End

    def on_rset(self, argument: str) -> None:
        self.recipient = ""
        self.say("250 2.0.0 reset")

    def on_noop(self, argument: str) -> None:
        self.say("250 2.0.0 fine")

    def on_mail(self, argument: str) -> None:
        self.sender, self.recipient = _between(argument), ""
        self.hang("mail_hang")
        self.say("451 4.3.0 later" if self.falls("mail_4xx") else "250 2.1.0 fine")

    def on_rcpt(self, argument: str) -> None:
        recipient = _between(argument)
        self.hang("rcpt_hang")
        if recipient.startswith(NEVER):
            self.say("550 5.1.1 User unknown")
        elif self.falls("rcpt_4xx"):
            self.say("451 4.7.1 Greylisted, come back later")
        else:
            self.recipient = recipient
            self.say("250 2.1.5 fine")

    def on_data(self, argument: str) -> None:
        self.hang("data_hang")
        if not self.recipient:
            self.say("554 5.5.1 no valid recipients")
            return
        if self.falls("data_4xx"):
            self.say("451 4.3.0 later")
            return
        self.say("354 go on")
        lines = []
        torn = self.falls("mid_body")
        while (line := self.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
            if torn and len(lines) > 10:
                raise _End
        self._finish(b"".join(line + b"\r\n" for line in lines))

    def _finish(self, data: bytes) -> None:
        dot_at = time.monotonic()
        self.hang("before_accept_hang")
        if self.falls("before_accept_4xx"):
            self.say("452 4.3.1 no room")
            return
        time.sleep(self.server.pause + (2.0 if self.falls("slow") else 0.0))
        silent, half = self.falls("after_dot_hang"), self.falls("after_dot_half_close")
        told = not silent and not half
        self.server.accept(self.sender, self.recipient, data, told=told, dot_at=dot_at)
        if silent:
            raise _End
        if half:
            self.sock.shutdown(socket.SHUT_WR)
            time.sleep(0.2)
            raise _End
        self.say("250 2.0.0 taken")

    def falls(self, name: str) -> bool:
        return self.server.falls(name, {**CONNECTION, **MAIL}[name])

    def hang(self, name: str) -> None:
        if self.falls(name):
            raise _End

    def say(self, reply: str) -> None:
        self.sock.sendall(reply.encode() + b"\r\n")

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise _End
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line


def _between(argument: str) -> str:
    """The address of MAIL or RCPT."""
    return argument[argument.index("<") + 1 : argument.index(">")]


def _context() -> ssl.SSLContext:
    """A certificate that nobody has signed but itself."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(days=1)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .sign(key, SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + built.public_bytes(Encoding.PEM))
        context.load_cert_chain(file)
    return context
