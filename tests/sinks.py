"""Real receivers on loopback: a mail server that keeps what it accepts, a webhook receiver with a script."""

import email
import email.policy
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


def as_seen(page: str) -> str:
    """The HTML of a mail without the link that nobody sees (mail/trap)."""
    return re.sub(r'<a [^>]*aria-hidden="true"[^>]*></a>', "", page)


@dataclass(frozen=True)
class AcceptedMail:
    """One message that the sink said 250 to."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, kind: str) -> str:
        """The decoded text/<kind> part."""
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


class SmtpSink:
    """Accepts everything unless `refuse` says otherwise: recipient -> reply line, or None to accept.
    With `login=(user, password)` it insists on AUTH."""

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        self.mails: list[AcceptedMail] = []
        self.refuse: Callable[[str], str | None] = lambda recipient: None
        self.login = login
        self.port = free_port()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            auth_required=login is not None,
            auth_require_tls=False,
            authenticator=self._authenticate if login else None,
        )

    @property
    def url(self) -> str:
        user = f"{self.login[0]}:{self.login[1]}@" if self.login else ""
        return f"smtp://{user}127.0.0.1:{self.port}"

    def to(self, recipient: str) -> list[AcceptedMail]:
        return [mail for mail in self.mails if mail.recipient == recipient]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.refuse(address)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            self.mails.append(AcceptedMail(envelope.mail_from or "", recipient, raw))
        return f"250 2.0.0 taken as {len(self.mails)}"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self.login, handled=False)

    def __enter__(self) -> "SmtpSink":
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()


@dataclass(frozen=True)
class ReceivedPost:
    """One POST as it came in; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookSink:
    """Answers 200, or what `script` holds: a list of statuses, or a function of the post that gives a
    status or (status, headers). `delay` seconds before each answer."""

    script: list[int] | Callable[[ReceivedPost], int | tuple[int, dict[str, str]]] = field(
        default_factory=list
    )
    delay: float = 0.0
    posts: list[ReceivedPost] = field(default_factory=list)

    def __post_init__(self) -> None:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                post = ReceivedPost(self.path, headers, body)
                status, extra = sink._answer(post)
                time.sleep(sink.delay)
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Stay quiet: the posts themselves are kept."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def _answer(self, post: ReceivedPost) -> tuple[int, dict[str, str]]:
        if callable(self.script):
            answer = self.script(post)
            self.posts.append(post)
            return answer if isinstance(answer, tuple) else (answer, {})
        status = self.script.pop(0) if self.script else 200
        self.posts.append(post)
        return status, {}

    def __enter__(self) -> "WebhookSink":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
