"""Hands finished mails to a server over a connection that stays open.

Connections are set up by smtplib (TLS, STARTTLS, AUTH); mails then go out in one round trip each where
the server offers PIPELINING (RFC 2920): the body, its final dot and the next envelope are one write, and
the next mail is rendered while the server works. A refused recipient concerns nobody else.

The mark of `on_dot` is made before the first byte of a body: what was marked and never answered may
have been taken (RFC 5321, section 6.1), what was not marked cannot have been.
"""

import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nurture.mail.replies import (
    AFTER_DOT,
    BEFORE_DOT,
    Lost,
    Outcome,
    Refused,
    Reply,
    accepted,
    refused,
)
from nurture.mail.smtp_url import IMPLICIT, OFF, REQUIRED, SmtpUrl
from nurture.rules.words import _

_LINE_LIMIT = 4096
_MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail for one recipient. `data` is the message with CRLF line ends; `key` names it. `dotless`
    is the maker's word that no line begins with a dot."""

    key: int
    mail_from: str
    rcpt_to: str
    data: bytes
    dotless: bool = False


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds (RFC 5321, section 4.5.3.2)."""

    connect: float = 30.0
    command: float = 300.0
    after_dot: float = 600.0


class TransportDown(Exception):
    """No mail can be handed over now. The text is one sentence for pages and `doctor`."""


Marker = Callable[[Envelope], bool]


class Mailer:
    """One server, one connection, kept open between calls. Not for two threads at once."""

    def __init__(
        self,
        url: SmtpUrl,
        *,
        helo: str = "localhost",
        patience: Patience | None = None,
        most_per_connection: int = 1000,
    ) -> None:
        self.url = url
        self._helo = helo
        self._patience = patience or Patience()
        self._most = most_per_connection
        self._connection: _Connection | None = None

    def send(self, envelopes: Iterable[Envelope], on_dot: Marker) -> Iterator[tuple[Envelope, Outcome]]:
        """Each envelope with its outcome, in order. `on_dot(envelope)` is called before its body goes
        out; when it says no, this and all later ones are Lost(before_dot). After a lost connection a new
        one is tried once for the mails not begun; raises TransportDown when it cannot be had, with what
        was taken from `envelopes` but has no outcome left to the caller."""
        waiting = _Ahead(envelopes)
        finished = False
        try:
            while waiting.current is not None:
                connection = self._open()
                answered, fresh = connection.answered, connection.carried == 0
                yield from connection.send(waiting, on_dot, self._most)
                if connection.halted:
                    yield from _all_lost(waiting, connection.halted)
                elif connection.closed and fresh and connection.answered == answered:
                    raise TransportDown(self._gone(connection.last_words))
            finished = True
        finally:
            if not finished:
                self._drop()

    def check(self) -> None:
        """Connect and sign in. Raises TransportDown with the sentence."""
        self._open()

    def close(self) -> None:
        """Say goodbye. The mailer can be used again."""
        if self._connection is not None:
            self._connection.quit()
            self._connection = None

    def _open(self) -> "_Connection":
        if self._connection is not None and self._connection.carried >= self._most:
            self.close()
        if self._connection is None or self._connection.closed:
            self._connection = _Connection(self._connected(), self._patience)
        return self._connection

    def _drop(self) -> None:
        """Without goodbye: the conversation may be in the middle of something."""
        if self._connection is not None:
            self._connection.hang_up()
            self._connection = None

    def _connected(self) -> smtplib.SMTP:
        try:
            return self._signed_in(self._encrypted(self._dialled()))
        except smtplib.SMTPAuthenticationError as fault:
            raise TransportDown(
                _("The mail server {server} refuses the login: {reply}").format(
                    server=self.url.name, reply=_reply_text(fault.smtp_code, fault.smtp_error)
                )
            ) from fault
        except smtplib.SMTPResponseException as fault:
            raise TransportDown(
                _("The mail server {server} turns us away: {reply}").format(
                    server=self.url.name, reply=_reply_text(fault.smtp_code, fault.smtp_error)
                )
            ) from fault
        except ssl.SSLError as fault:
            raise TransportDown(
                _("No encrypted connection to the mail server {server}: {why}.").format(
                    server=self.url.name, why=fault.reason or fault
                )
            ) from fault
        except OSError as fault:  # smtplib has its exceptions below it
            raise TransportDown(self._gone(_why(fault))) from fault

    def _gone(self, why: str) -> str:
        return _("The mail server {server} cannot be reached: {why}.").format(
            server=self.url.name, why=why.rstrip(".") or _("it closed the connection")
        )

    def _dialled(self) -> smtplib.SMTP:
        place = (self.url.host, self.url.port)
        if self.url.tls == IMPLICIT:
            return smtplib.SMTP_SSL(
                *place, local_hostname=self._helo, timeout=self._patience.connect, context=self._context()
            )
        return smtplib.SMTP(*place, local_hostname=self._helo, timeout=self._patience.connect)

    def _encrypted(self, smtp: smtplib.SMTP) -> smtplib.SMTP:
        smtp.ehlo_or_helo_if_needed()
        if self.url.tls in (IMPLICIT, OFF):
            return smtp
        if smtp.has_extn("starttls"):
            smtp.starttls(context=self._context())
            smtp.ehlo()
        elif self.url.tls == REQUIRED:
            smtp.close()
            raise TransportDown(
                _("The mail server {server} offers no STARTTLS, which NURTURE_SMTP_URL requires.").format(
                    server=self.url.name
                )
            )
        return smtp

    def _signed_in(self, smtp: smtplib.SMTP) -> smtplib.SMTP:
        if self.url.user is None:
            return smtp
        try:
            smtp.login(self.url.user, self.url.password or "")
        except smtplib.SMTPNotSupportedError as fault:
            raise TransportDown(
                _("The mail server {server} takes no login.").format(server=self.url.name)
            ) from fault
        return smtp

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self.url.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class _Ahead:
    """Envelopes with a few read ahead: `current` is the one to settle, `after` the one behind it."""

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        self._rest = iter(envelopes)
        self._ready: deque[Envelope] = deque()
        self.fill(2)

    @property
    def current(self) -> Envelope | None:
        return self._ready[0] if self._ready else None

    @property
    def after(self) -> Envelope | None:
        return self._ready[1] if len(self._ready) > 1 else None

    def step(self) -> None:
        """The current one is settled."""
        self._ready.popleft()
        self.fill(2)

    def fill(self, many: int) -> None:
        """Have this many rendered. Asked for one more than needed while the server is at work."""
        while len(self._ready) < many:
            envelope = next(self._rest, None)
            if envelope is None:
                return
            self._ready.append(envelope)


def _all_lost(waiting: _Ahead, why: str) -> Iterator[tuple[Envelope, Outcome]]:
    while waiting.current is not None:
        envelope = waiting.current
        waiting.step()
        yield envelope, Lost(BEFORE_DOT, why)


class _Gone(Exception):
    """The connection is of no use any more; `phase` says how far the mail at hand had come."""

    def __init__(self, why: str, phase: str = BEFORE_DOT) -> None:
        super().__init__(why)
        self.phase = phase


class _Connection:
    """The conversation after sign-in. `closed` when it is over; `last_words` say why. `carried` mails
    have gone over it, `answered` of them with an answer."""

    def __init__(self, smtp: smtplib.SMTP, patience: Patience) -> None:
        sock = smtp.sock
        if sock is None:
            raise TransportDown(_("The mail server closed the connection."))
        self._smtp = smtp
        self._sock: socket.socket = sock
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pipelining = smtp.has_extn("pipelining")
        self._patience = patience
        self._buffer = bytearray()
        self._timeout: float | None = None
        self._opened = False
        self.carried = 0
        self.answered = 0
        self.closed = False
        self.halted = ""
        self.last_words = ""

    def send(self, waiting: _Ahead, on_dot: Marker, most: int) -> Iterator[tuple[Envelope, Outcome]]:
        """Outcomes until nothing waits, the connection ends, or `most` mails have gone over it."""
        while waiting.current is not None and not self.closed and (self.carried < most or self._opened):
            envelope = waiting.current
            outcome = self._settled(waiting, envelope, on_dot, last=self.carried + 1 >= most)
            if outcome is None:
                return
            waiting.step()
            self.carried += 1
            self.answered += not isinstance(outcome, Lost)
            yield envelope, outcome

    def quit(self) -> None:
        """QUIT, without waiting for the goodbye."""
        try:
            self._write(b"QUIT\r\n")
        except _Gone:
            return
        self.hang_up()

    def hang_up(self) -> None:
        self.closed = True
        self._smtp.close()

    def _settled(self, waiting: _Ahead, envelope: Envelope, on_dot: Marker, *, last: bool) -> Outcome | None:
        """The outcome for one envelope; None when the connection ended before it was begun."""
        try:
            refusal = self._introduce(envelope)
        except _Gone as fault:
            self._end(str(fault))
            return None
        if refusal is not None:
            return refusal
        if not on_dot(envelope):
            self.halted = _("sending was halted")
            self._end(self.halted)
            return Lost(BEFORE_DOT, self.halted)
        return self._hand_over(waiting, envelope, last=last)

    def _introduce(self, envelope: Envelope) -> Refused | None:
        """Up to the 354. None when the server waits for the body. A refused sender is no fault of this
        recipient: it ends the connection."""
        replies = self._opening_replies(envelope)
        sender, last = replies[0], replies[-1]
        if sender.code >= 400:
            raise _Gone(sender.line)
        refusal = next((reply for reply in replies if reply.code >= 400), None)
        if refusal is None and last.code != 354:
            raise _Gone(last.line)
        if refusal is not None:
            self._back_to_start(last, refusal)
            return refused(refusal)
        return None

    def _opening_replies(self, envelope: Envelope) -> list[Reply]:
        """The replies to MAIL, RCPT and DATA; without PIPELINING none after the first refusal."""
        if self._pipelining:
            if not self._opened:
                self._write(_opening(envelope))
            self._opened = False
            return [self._reply(), self._reply(), self._reply()]
        replies: list[Reply] = []
        for line in _opening(envelope).splitlines(keepends=True):
            self._write(line)
            replies.append(self._reply())
            if replies[-1].code >= 400:
                break
        return replies

    def _back_to_start(self, last: Reply, refusal: Reply) -> None:
        """After a refused recipient. Where DATA was accepted all the same, the server waits for a body
        that it can give to nobody: a lone dot (RFC 2920, section 3.1)."""
        if refusal.code == 421:
            self._end(refusal.line)
            return
        try:
            if last.code == 354:
                self._write(b".\r\n")
                self._reply()
            self._write(b"RSET\r\n")
            self._reply()
        except _Gone as fault:
            self._end(str(fault))

    def _hand_over(self, waiting: _Ahead, envelope: Envelope, *, last: bool) -> Outcome:
        body = _dotted(envelope)
        follows = b""
        if self._pipelining and waiting.after is not None and not last:
            follows = _opening(waiting.after)
        try:
            self._write(body + follows, dot_at=len(body))
        except _Gone as fault:
            self._end(str(fault))
            return Lost(fault.phase, str(fault))
        self._opened = bool(follows)
        waiting.fill(3)
        return self._answer()

    def _answer(self) -> Outcome:
        """The answer to the final dot; losing it leaves the mail in doubt."""
        try:
            reply = self._reply(self._patience.after_dot)
        except _Gone as fault:
            self._end(str(fault))
            return Lost(AFTER_DOT, str(fault))
        if reply.code == 421:
            self._end(reply.line)
        if 200 <= reply.code < 300:
            return accepted(reply)
        return refused(reply)

    def _write(self, data: bytes, *, dot_at: int | None = None) -> None:
        """Send all; a loss says whether the final dot, which ends at `dot_at`, may have gone out."""
        self._wait_at_most(self._patience.command)
        view, done = memoryview(data), 0
        try:
            while done < len(view):
                done += self._sock.send(view[done:])
        except OSError as fault:
            # The last octet of the body is what makes it complete: one short of it, nothing was sent.
            phase = AFTER_DOT if dot_at is not None and done >= dot_at else BEFORE_DOT
            raise _Gone(_why(fault), phase) from fault

    def _reply(self, patience: float | None = None) -> Reply:
        self._wait_at_most(patience or self._patience.command)
        lines: list[str] = []
        while len(lines) < _MOST_LINES:
            line = self._line()
            if not line[:3].isdigit():
                raise _Gone(_("an unreadable reply"))
            lines.append(line[4:].strip())
            if line[3:4] != "-":
                reply = Reply(int(line[:3]), " ".join(lines))
                if reply.code == 421:
                    self.last_words = reply.line
                return reply
        raise _Gone(_("an endless reply"))

    def _line(self) -> str:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LINE_LIMIT:
                raise _Gone(_("an endless reply"))
            try:
                data = self._sock.recv(8192)
            except OSError as fault:
                raise _Gone(_why(fault)) from fault
            if not data:
                raise _Gone(self.last_words or _("it closed the connection"))
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.decode("utf-8", "replace").rstrip("\r")

    def _wait_at_most(self, seconds: float) -> None:
        if self._timeout != seconds:
            self._sock.settimeout(seconds)
            self._timeout = seconds

    def _end(self, why: str) -> None:
        self.last_words = self.last_words or why
        self.hang_up()


def _opening(envelope: Envelope) -> bytes:
    return f"MAIL FROM:<{envelope.mail_from}>\r\nRCPT TO:<{envelope.rcpt_to}>\r\nDATA\r\n".encode("ascii")


def _dotted(envelope: Envelope) -> bytes:
    """The message as it goes over the wire: dots doubled where a line begins with one, ended by the dot."""
    data = envelope.data
    if not envelope.dotless:
        data = data.replace(b"\r\n.", b"\r\n..")
        data = b"." + data if data.startswith(b".") else data
    return data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n")


def _why(fault: OSError) -> str:
    if isinstance(fault, TimeoutError):
        return _("it did not answer in time")
    return fault.strerror or str(fault)


def _reply_text(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}".strip()
