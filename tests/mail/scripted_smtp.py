"""A mail server on loopback that does what a script says, and keeps a log of what it has accepted."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType


@dataclass(frozen=True)
class Taken:
    """One acceptance: the log is only ever appended to."""

    sender: str
    recipient: str
    data: bytes


class Hang(Exception):
    """Close the connection here, without a word."""


@dataclass
class ScriptedSmtp:
    """`on(phase, argument)` is asked at connect, ehlo, mail, rcpt, data, body and dot. It returns the reply
    line, None for the usual one, or raises Hang. Phase "dot" comes after the mail was accepted into the
    log: a Hang there is an answer that got lost."""

    on: Callable[[str, str], str | None] = lambda phase, argument: None
    pipelining: bool = True
    accepts_data_without_recipients: bool = True
    log: list[Taken] = field(default_factory=list)
    reads: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def recipients(self) -> list[str]:
        return [taken.recipient for taken in self.log]

    def hang_up_on_all(self) -> None:
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def take_little_at_a_time(self) -> None:
        """What comes later is not buffered for us: a large mail is still on its way when we hang up."""
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def _listen(self) -> None:
        while True:
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(Hang, OSError):
            _Dialogue(self, sock).run()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def __enter__(self) -> "ScriptedSmtp":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up_on_all()


class _Dialogue:
    def __init__(self, server: ScriptedSmtp, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.buffer = b""
        self.sender = ""
        self.recipient = ""

    def run(self) -> None:
        if not self.say("connect", "", "220 sink ready"):
            return
        while True:
            line = self.line()
            verb, _, argument = line.decode().partition(" ")
            self.server.commands.append(verb.upper())
            if verb.upper() == "QUIT":
                self.sock.sendall(b"221 bye\r\n")
                return
            self.command(verb.upper(), argument)

    def command(self, verb: str, argument: str) -> None:
        if verb in ("EHLO", "HELO"):
            lines = [
                "250-sink",
                *(["250-PIPELINING"] if self.server.pipelining else []),
                "250 ENHANCEDSTATUSCODES",
            ]
            self.say("ehlo", argument, "\r\n".join(lines))
        elif verb == "MAIL":
            self.sender = argument[argument.index("<") + 1 : argument.index(">")]
            self.recipient = ""
            self.say("mail", self.sender, "250 2.1.0 fine")
        elif verb == "RCPT":
            recipient = argument[argument.index("<") + 1 : argument.index(">")]
            if self.say("rcpt", recipient, "250 2.1.5 fine"):
                self.recipient = recipient
        elif verb == "RSET":
            self.recipient = ""
            self.sock.sendall(b"250 2.0.0 reset\r\n")
        elif verb == "DATA":
            self.data()
        else:
            self.sock.sendall(b"502 5.5.2 what?\r\n")

    def data(self) -> None:
        if not self.recipient and not self.server.accepts_data_without_recipients:
            self.sock.sendall(b"554 5.5.1 no valid recipients\r\n")
            return
        if not self.say("data", self.recipient, "354 go on"):
            return
        self.reply("body", self.recipient, "")
        lines = []
        while (line := self.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        if not self.recipient:
            self.sock.sendall(b"554 5.5.1 no valid recipients\r\n")
            return
        self.finish(b"".join(line + b"\r\n" for line in lines))

    def finish(self, data: bytes) -> None:
        before = self.reply("before_accept", self.recipient, "")
        if before:
            self.sock.sendall(before.encode() + b"\r\n")
            return
        self.server.log.append(Taken(self.sender, self.recipient, data))
        self.say("dot", self.recipient, f"250 2.0.0 queued as Q{len(self.server.log)}")

    def reply(self, phase: str, argument: str, usual: str) -> str:
        chosen = self.server.on(phase, argument)
        return usual if chosen is None else chosen

    def say(self, phase: str, argument: str, usual: str) -> bool:
        """Whether the reply was a good one."""
        reply = self.reply(phase, argument, usual)
        self.sock.sendall(reply.encode() + b"\r\n")
        return reply[:1] in "23"

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise Hang
            self.server.reads += 1
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line
