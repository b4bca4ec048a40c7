"""Calls of an interface that somebody here has chosen, over connections that stay open.

What matters to the caller is what a failure means: `NotSent` when the request cannot have been taken,
`NoAnswer` when it may have been.
"""

import http.client
import select
import socket
import threading
from collections.abc import Mapping
from time import monotonic

from nurture.errors import Invalid
from nurture.net.outgoing import Reply, Unreached, Way, dial
from nurture.net.target import Target, parse
from nurture.rules.words import _

_READ_BYTES = 1024 * 1024
# Services close idle connections after a minute or so; one that may be about to close is not used again.
_IDLE_SECONDS = 20.0


class NotSent(Exception):
    """The request did not go out whole; `str()` is the reason for people."""


class NoAnswer(Exception):
    """The request went out and no answer came; `str()` is the reason for people."""


class Caller:
    """One interface. A connection for each thread, kept open."""

    def __init__(self, way: Way, base_url: str) -> None:
        self._way = way
        self._base = base_url.rstrip("/")
        self._kept = threading.local()

    @property
    def host(self) -> str:
        return self._base.partition("//")[2].partition("/")[0]

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Raises NotSent, NoAnswer."""
        connection = self._connection()
        target = self._target()
        fields = {"Host": target.host_header, "Accept-Encoding": "identity", **headers}
        try:
            connection.request("POST", target.path.rstrip("/") + path, body, fields)
        except (OSError, http.client.HTTPException) as fault:
            self._drop()
            raise NotSent(_("The connection broke off.")) from fault
        try:
            answer = connection.getresponse()
            known = {name.lower(): value for name, value in answer.getheaders()}
            reply = Reply(answer.status, known, answer.read(_READ_BYTES))
        except (OSError, http.client.HTTPException) as fault:
            self._drop()
            raise NoAnswer(_("No answer came in time.")) from fault
        if answer.will_close or not answer.isclosed():
            self._drop()
        self._kept.used = monotonic()
        return reply

    def reach(self) -> None:
        """Connect, and send nothing. Raises NotSent."""
        self._connection()

    def _target(self) -> Target:
        try:
            return parse(self._base, private=self._way.private)
        except Invalid as refusal:
            raise NotSent(str(refusal)) from refusal

    def _connection(self) -> http.client.HTTPConnection:
        known: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if known is not None and known.sock is not None and self._fresh(known.sock):
            return known
        self._drop()
        target = self._target()
        try:
            sock = dial(self._way, target)
        except (Unreached, TimeoutError) as fault:
            raise NotSent(str(fault)) from fault
        sock.settimeout(self._way.total_seconds)
        made = http.client.HTTPConnection(target.host, target.port)
        made.sock = sock
        self._kept.connection, self._kept.used = made, monotonic()
        return made

    def _fresh(self, sock: socket.socket) -> bool:
        """Whether the other side has neither closed nor is likely to: what is readable before a request is
        the end."""
        if monotonic() - self._kept.used > _IDLE_SECONDS:
            return False
        readable, _writable, _broken = select.select([sock], [], [], 0)
        return not readable

    def _drop(self) -> None:
        known = getattr(self._kept, "connection", None)
        if known is not None:
            known.close()
            self._kept.connection = None
