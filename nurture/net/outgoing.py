"""The only outgoing HTTP: one request to a receiver that somebody else has named.

The name is looked up once, every address of it is checked, and the connection goes to a checked address
with Host and SNI kept, so that a second look-up cannot lead elsewhere (DNS rebinding). Redirects are
answers like any other, proxies from the environment are not read, bodies are not decompressed.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from nurture.errors import Invalid
from nurture.net.addresses import canonical, may_reach
from nurture.net.resolver import Resolve, resolve
from nurture.net.target import Target, parse
from nurture.rules.words import _

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
READ_BYTES = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """What the receiver said: `body` at most READ_BYTES of it, headers by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Way:
    """How requests leave this installation. `private` opens http and inner networks."""

    private: bool = False
    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float = TOTAL_SECONDS
    resolve: Resolve = resolve
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)


class Unreached(Exception):
    """No answer came; `str()` is the sentence for the record of attempts."""


def post(way: Way, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Post `body` and read the answer within the total time; raises Unreached for everything else."""
    return _request(way, "POST", url, headers, body)


def get(way: Way, url: str) -> Reply:
    """Fetch what lies at an address, under the same rules."""
    return _request(way, "GET", url, {}, None)


def _request(way: Way, verb: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
    deadline = _Deadline(way.total_seconds)
    try:
        target = parse(url, private=way.private)
    except Invalid as refusal:
        raise Unreached(str(refusal)) from None
    with _connect(way, target, deadline) as sock:
        return _exchange(target, sock, deadline, verb, headers, body)


def dial(way: Way, target: Target) -> socket.socket:
    """A connection to a checked address of the target, encrypted where its scheme says so. Raises
    Unreached."""
    return _connect(way, target, _Deadline(way.total_seconds))


class _Deadline:
    """The moment by which the whole request must be over, on the clock that never jumps."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, never zero; TimeoutError when they are used up."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the request is over")
        return left


def _connect(way: Way, target: Target, deadline: _Deadline) -> socket.socket:
    addresses = _checked_addresses(way, target, deadline)
    connecting = _Deadline(way.connect_seconds)
    error: OSError | None = None
    for address in addresses:
        try:
            sock = socket.create_connection((address, target.port), min(connecting.left(), deadline.left()))
        except OSError as refused:
            error = error or refused
            continue
        # Head and body are two small writes: the second must not wait for the first to be acknowledged.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _secured(way, target, sock, deadline) if target.secure else sock
    if isinstance(error, TimeoutError) or error is None:
        raise Unreached(_("The receiver did not take the connection in time."))
    if isinstance(error, ConnectionRefusedError):
        raise Unreached(_("The receiver refused the connection."))
    raise Unreached(_("The receiver could not be reached."))


def _checked_addresses(way: Way, target: Target, deadline: _Deadline) -> list[str]:
    try:
        found = way.resolve(target.host, target.port, min(way.connect_seconds, deadline.left()))
    except TimeoutError:
        raise Unreached(_("The host name was not looked up in time.")) from None
    except OSError:
        raise Unreached(_("The host name is not known.")) from None
    try:
        addresses = [canonical(text) for text in found]
    except ValueError:
        raise Unreached(_("The address leads into a private or special network.")) from None
    # One inner address among public ones is enough to refuse: the next look-up could choose it.
    if not all(may_reach(address, private=way.private) for address in addresses):
        raise Unreached(_("The address leads into a private or special network."))
    if not addresses:
        raise Unreached(_("The host name is not known."))
    return [str(address) for address in addresses]


def _secured(way: Way, target: Target, sock: socket.socket, deadline: _Deadline) -> socket.socket:
    try:
        sock.settimeout(deadline.left())
        return way.tls.wrap_socket(sock, server_hostname=target.host)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise Unreached(_("The receiver's certificate is not valid: ") + error.verify_message) from None
    except TimeoutError:
        sock.close()
        raise Unreached(_("The receiver did not answer in time.")) from None
    except (OSError, ValueError):
        sock.close()
        raise Unreached(_("No encrypted connection to the receiver came about.")) from None


def _exchange(
    target: Target,
    sock: socket.socket,
    deadline: _Deadline,
    verb: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> Reply:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = _TimedSocket(sock, deadline)
    fields = {
        "Host": target.host_header,
        **headers,
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    try:
        connection.request(verb, target.path, body, fields)
        answer = connection.getresponse()
        known = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, known, _read(answer))
    except TimeoutError:
        raise Unreached(_("The receiver did not answer in time.")) from None
    except http.client.HTTPException:
        raise Unreached(_("The receiver's answer is not HTTP.")) from None
    except OSError:
        raise Unreached(_("The receiver broke the connection.")) from None


def _read(answer: http.client.HTTPResponse) -> bytes:
    """At most READ_BYTES of the body: the status has come, so a body cut short does not undo it."""
    pieces: list[bytes] = []
    wanted = READ_BYTES
    while wanted > 0:
        try:
            piece = answer.read1(wanted)
        except (http.client.HTTPException, ConnectionError, ssl.SSLError):
            break
        if not piece:
            break
        pieces.append(piece)
        wanted -= len(piece)
    return b"".join(pieces)


class _TimedSocket:
    """The part of a socket that http.client uses, each step of it held to one deadline.

    A socket's own timeout starts anew at every byte, so a receiver that drips would never end.
    """

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, *_mode: object) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))

    def close(self) -> None:
        """The request owns the socket and closes it when the body has been read."""


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)
