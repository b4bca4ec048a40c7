"""One conversation with a mail server after sign-in, moved on whenever the socket is ready.

Where the server offers PIPELINING (RFC 2920) the body, its final dot and the next envelope are one write.
A wire never waits: whoever drives it looks which of many wires can go on. The mark of `on_dot` is made
before the first octet of a body: what was marked and never answered may have been taken (RFC 5321,
section 6.1), what was not marked cannot have been.
"""

import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from time import monotonic

from nurture.mail.envelopes import CalledOff, Envelope, Marker, TransportDown
from nurture.mail.replies import (
    AFTER_DOT,
    BEFORE_DOT,
    IN_BODY,
    Lost,
    Outcome,
    Refused,
    Reply,
    accepted,
    refused,
)
from nurture.mail.smtp_sign_in import Patience, why
from nurture.rules.words import _

Settled = tuple[Envelope, Outcome]
_LINE_LIMIT = 4096
_MOST_LINES = 100
_READ = 65536
_SEND_BUFFER = 256 * 1024  # a mail of usual size goes out in one write
_MAIL, _RCPT, _DATA, _DOT, _LONE_DOT, _RSET = "mail", "rcpt", "data", "dot", "lone_dot", "rset"


class Wire:
    """`begin` gives it a mail, `read` takes in what has come, `settle` says what it means. `closed` when the
    conversation is over; `last_words` say why. `answered` mails have got an answer over it."""

    def __init__(self, smtp: smtplib.SMTP, patience: Patience, most: int) -> None:
        sock = smtp.sock
        if sock is None:
            raise TransportDown(_("The mail server closed the connection."))
        self._smtp = smtp
        self._sock: socket.socket = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        sock.setblocking(False)
        self.fd = sock.fileno()
        self._pipelining = smtp.has_extn("pipelining")
        self._patience = patience
        self._most = most
        self._in = b""
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._out = memoryview(b"")
        self._after_dot = 0  # octets of `_out` behind the final dot
        self._awaited: deque[str] = deque()
        self._current: Envelope | None = None
        self._next: Envelope | None = None
        self._refusal: Reply | None = None
        self._body_begun = False
        self._introducing = False
        self.until = float("inf")
        self.watched_for = 0
        self.begun = 0
        self.answered = 0
        self.closed = False
        self.halted = ""
        self.last_words = ""

    @property
    def idle(self) -> bool:
        """Whether it can begin a mail."""
        return self._current is None and not self._awaited and not self.closed

    @property
    def worn(self) -> bool:
        """Whether it has carried as many mails as one connection should."""
        return self.begun >= self._most

    @property
    def writing(self) -> bool:
        """Whether it waits for room to write."""
        return bool(self._out)

    def begin(self, envelope: Envelope) -> None:
        self._current, self._refusal, self._body_begun, self._introducing = envelope, None, False, False
        self.begun += 1
        self._open(envelope)

    def read(self) -> None:
        """Take in what has come. A loss closes the wire; `settle` and `left` tell what was lost."""
        while not self.closed:
            try:
                data = self._sock.recv(_READ)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except ssl.SSLWantWriteError:  # a renegotiation: the write side moves it on
                return
            except OSError as fault:
                self._end(why(fault))
                return
            if not data:
                self._end(self.last_words or _("it closed the connection"))
                return
            self._take_in(data)
            if len(data) < _READ and not isinstance(self._sock, ssl.SSLSocket):
                return

    def write(self) -> None:
        """Put out what the socket takes."""
        while self._out and not self.closed:
            try:
                done = self._sock.send(self._out)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return
            except OSError as fault:
                self._end(why(fault))
                return
            self._out = self._out[done:]

    def settle(self, on_dot: Marker, follow: Callable[[], Envelope | None]) -> Settled | None:
        """The next mail that has come to an outcome; None when more has to arrive first. Call it until
        then. `follow` gives the mail to announce behind the present one."""
        while self._replies and not self.halted:
            settled = self._heard(self._replies.popleft(), on_dot, follow)
            if settled is not None:
                return settled
        if self.closed or self.halted:
            return self._lost()
        return None

    def parted_over(self) -> Settled | None:
        """The mail at whose recipient the server hung up, on a connection that has carried nothing: its
        sender was welcome. Tried again later, like any that is put off (RFC 5321, section 4.2.1)."""
        envelope = self._current
        if envelope is None or self.answered or not self._introducing:
            return None
        self._current = None
        return envelope, Refused(451, "4.4.2", self.last_words, False)

    def left(self) -> list[Envelope]:
        """The mails given to it of which nothing went out but the envelope: another wire may carry them."""
        given = [one for one in (self._current, self._next) if one is not None]
        self._current = self._next = None
        return given

    def late(self, now: float) -> None:
        """The server did not answer in time, if so."""
        if now >= self.until and not self.closed:
            self._end(_("it did not answer in time"))

    def quit(self) -> None:
        """QUIT, without waiting for the goodbye."""
        if not self.closed:
            self._put(b"QUIT\r\n")
        self.hang_up()

    def hang_up(self) -> None:
        self.closed = True
        self._smtp.close()

    def _heard(self, reply: Reply, on_dot: Marker, follow: Callable[[], Envelope | None]) -> Settled | None:
        awaited = self._awaited.popleft() if self._awaited else ""
        self.until = monotonic() + self._patience.command if self._awaited else float("inf")
        if reply.code == 421:
            self.last_words = reply.line
        if awaited == _DOT:
            return self._answered(reply)
        if awaited in (_MAIL, _RCPT, _DATA):
            return self._introduced(awaited, reply, on_dot, follow)
        if awaited == "" or reply.code == 421:  # unasked: only a farewell comes like this
            self._end(reply.line)
        return None

    def _introduced(
        self, step: str, reply: Reply, on_dot: Marker, follow: Callable[[], Envelope | None]
    ) -> Settled | None:
        """One of the answers before the body. A refused sender is no fault of this recipient: it ends the
        connection."""
        if step == _MAIL and reply.code >= 400:
            self._end(reply.line)
            return None
        self._introducing = True
        if reply.code >= 400 and self._refusal is None:
            self._refusal = reply
        if step == _DATA:
            return self._body(reply, on_dot, follow)
        if self._pipelining:
            return None
        if self._refusal is not None:
            return self._turned_away(reply)
        self._ask(_RCPT if step == _MAIL else _DATA)
        return None

    def _body(self, reply: Reply, on_dot: Marker, follow: Callable[[], Envelope | None]) -> Settled | None:
        envelope = self._current
        if envelope is None:
            return None
        if self._refusal is not None:
            return self._turned_away(reply)
        if reply.code != 354:
            self._end(reply.line)
            return None
        try:
            begins = on_dot(envelope)
        except CalledOff as word:
            return self._passed_over(envelope, str(word))
        if not begins:
            self.halted = _("sending was halted")
            return None
        self._body_begun = True
        data = _dotted(envelope)
        self._awaited.append(_DOT)
        if self._pipelining and not self.worn:
            self._next = follow()
        if self._next is None:
            self._put(data)
        else:
            self.begun += 1
            opening = _opening(self._next)
            self._awaited.extend((_MAIL, _RCPT, _DATA))
            self._put(data + opening, after_dot=len(opening))
        self.until = monotonic() + self._patience.after_dot
        return None

    def _passed_over(self, envelope: Envelope, word: str) -> Settled:
        """The server waits for a body that must not come: only hanging up keeps it from getting one."""
        self._current = None
        self.answered += 1
        self._end(word)
        return envelope, Lost(BEFORE_DOT, word)

    def _turned_away(self, last: Reply) -> Settled | None:
        """A refused recipient, and the way back to the start. Where DATA was accepted all the same, the
        server waits for a body that it can give to nobody: a lone dot (RFC 2920, section 3.1)."""
        envelope, refusal = self._current, self._refusal
        if envelope is None or refusal is None:
            return None
        self._current = self._refusal = None
        self.answered += 1
        if refusal.code == 421:
            self._end(refusal.line)
        elif last.code == 354:
            self._awaited.extend((_LONE_DOT, _RSET))
            self._put(b".\r\nRSET\r\n")
        else:
            self._awaited.append(_RSET)
            self._put(b"RSET\r\n")
        return envelope, refused(refusal)

    def _answered(self, reply: Reply) -> Settled | None:
        """The answer to the final dot."""
        envelope = self._current
        if envelope is None:
            return None
        self._current, self._next, self._refusal, self._body_begun = self._next, None, None, False
        self._introducing = False
        self.answered += 1
        if reply.code == 421:
            self._end(reply.line)
        return envelope, accepted(reply) if 200 <= reply.code < 300 else refused(reply)

    def _lost(self) -> Settled | None:
        """The mail whose body had begun when the conversation ended."""
        envelope = self._current
        if envelope is None:
            return None
        if self.halted and not self.closed:
            self._end(self.halted)
        if self._body_begun:
            self._current, self._body_begun, self._introducing = self._next, False, False
            self._next = None
            # The last octet of the body is what makes it complete: one short of it, nothing was sent.
            phase = AFTER_DOT if len(self._out) <= self._after_dot else IN_BODY
            return envelope, Lost(phase, self.last_words)
        if self.halted:
            self._current = self._next
            self._next = None
            return envelope, Lost(BEFORE_DOT, self.halted)
        return None

    def _open(self, envelope: Envelope) -> None:
        if self._pipelining:
            self._awaited.extend((_MAIL, _RCPT, _DATA))
            self._put(_opening(envelope))
        else:
            self._ask(_MAIL)
        self.until = monotonic() + self._patience.command

    def _ask(self, step: str) -> None:
        """One command of the present mail, for a server that takes them one by one."""
        envelope = self._current
        if envelope is not None:
            self._awaited.append(step)
            self._put(_opening(envelope).splitlines(keepends=True)[(_MAIL, _RCPT, _DATA).index(step)])
            self.until = monotonic() + self._patience.command

    def _put(self, data: bytes, *, after_dot: int = 0) -> None:
        self._out = memoryview(bytes(self._out) + data if self._out else data)
        self._after_dot = after_dot
        self.write()

    def _take_in(self, data: bytes) -> None:
        """Cut replies out of what has come."""
        lines = (self._in + data).split(b"\n")
        self._in = lines.pop()
        for line in lines:
            if not self._lines and (reply := _only_line(line)) is not None:
                self._replies.append(reply)
                continue
            if not line[:3].isdigit():
                self._end(_("an unreadable reply"))
                return
            if line[3:4] == b"-":
                self._lines.append(line)
                continue
            self._replies.append(_reply([*self._lines, line]))
            self._lines = []
        if len(self._in) > _LINE_LIMIT or len(self._lines) > _MOST_LINES:
            self._end(_("an endless reply"))

    def _end(self, reason: str) -> None:
        self.last_words = self.last_words or reason
        self.hang_up()


@lru_cache(maxsize=512)  # a server says the same few lines to every mail
def _only_line(line: bytes) -> Reply | None:
    """A reply of one line; None for anything else."""
    return _reply([line]) if line[:3].isdigit() and line[3:4] != b"-" else None


def _reply(lines: list[bytes]) -> Reply:
    text = " ".join([line[4:].strip().decode("utf-8", "replace") for line in lines])
    return Reply(int(lines[-1][:3]), text)


def _opening(envelope: Envelope) -> bytes:
    return f"MAIL FROM:<{envelope.mail_from}>\r\nRCPT TO:<{envelope.rcpt_to}>\r\nDATA\r\n".encode("ascii")


def _dotted(envelope: Envelope) -> bytes:
    """The message as it goes over the wire: dots doubled where a line begins with one, ended by the dot."""
    data = envelope.data
    if not envelope.dotless:
        data = data.replace(b"\r\n.", b"\r\n..")
        data = b"." + data if data.startswith(b".") else data
    return data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n")
