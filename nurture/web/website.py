"""The door of website tracking: `/t.js`, and `POST /t` where pages with it report visits.

It answers from memory alone, as the rest of the tracking door does: what it saw goes to the host's spool and
to the stream, and `flows/take_visits` makes of it what it is. Only sites of the list may report.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol
from wsgiref.types import WSGIEnvironment

from nurture.rules import visits
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.tokens import KeyRing
from nurture.rules.visitors import visitor_ip
from nurture.rules.visits import BY_MAIL, NotAVisit, host_of, mint_token, with_token
from nurture.web.bare import UNCACHED, Answer, header, not_found

SCRIPT = Path(__file__).resolve().parent / "static" / "t.js"
PATHS = frozenset(("/t", "/t.js"))
MOST_BYTES = 8_192
# A page view is one report. An office behind one address looks at a few pages a second.
MOST_A_MINUTE = 300
_MOST_ADDRESSES = 20_000
_DAY = 86_400


class Sites(Protocol):
    """Which websites may report."""

    def covers(self, host: str) -> bool: ...


class _NoSites:
    def covers(self, host: str) -> bool:
        return False


NO_SITES: Sites = _NoSites()


class Allowance:
    """So many reports of one address a minute, counted in this process: no other server has to be asked."""

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def takes(self, address: str, many: int = 1) -> bool:
        """Whether so many more are within what an address may; they count either way."""
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute or len(self._counts) > _MOST_ADDRESSES:
                self._minute, self._counts = minute, {}
            seen = self._counts[address] = self._counts.get(address, 0) + many
        return seen <= self._most


class WebsiteDoor:
    """Answers the two addresses, and marks clicks that lead to a site of the list.

    `now` dates visits; `real_now` is what the age of a token goes by, whatever a virtual clock says.
    """

    def __init__(
        self,
        *,
        ring: KeyRing,
        sites: Sites,
        write: Callable[[bytes], None],
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
        allowance: Allowance | None = None,
    ) -> None:
        self._ring = ring
        self._sites = sites
        self._write = write
        self._now = now
        self._real_now = real_now
        self._allowance = allowance or Allowance()
        script = SCRIPT.read_bytes()
        tag = f'"{hashlib.sha256(script).hexdigest()[:16]}"'
        kept = [
            ("Cache-Control", f"public, max-age={_DAY}"),
            ("ETag", tag),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        head = [("Content-Type", "text/javascript; charset=utf-8"), ("Content-Length", str(len(script)))]
        self._tag = tag
        self._script = Answer("200 OK", [*head, *kept], script)
        self._unchanged = Answer("304 Not Modified", kept, b"")

    def answer(self, environ: WSGIEnvironment) -> Answer:
        """What to say to a request for one of PATHS."""
        method = environ["REQUEST_METHOD"]
        if environ["PATH_INFO"] == "/t.js":
            if method not in ("GET", "HEAD"):
                return _plain("405 Method Not Allowed", [("Allow", "GET, HEAD")])
            known = self._tag in header(environ, "HTTP_IF_NONE_MATCH")
            return self._unchanged if known else self._script
        if method not in ("POST", "OPTIONS"):
            return not_found() if method in ("GET", "HEAD") else _plain("405 Method Not Allowed", [])
        origin = header(environ, "HTTP_ORIGIN")
        if not self._sites.covers(host_of(origin)):
            return _plain("403 Forbidden", [])
        shared = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        if method == "OPTIONS":
            return _plain("204 No Content", [*shared, *_PREFLIGHT])
        status = self._report(environ)
        return _plain(status, shared)

    def marked(self, target: str, delivery_id: int) -> str:
        """Where a click leads: to a site of the list with a word about who comes, so that its script knows
        the reader; anywhere else as it is."""
        if not self._sites.covers(host_of(target)):
            return target
        return with_token(target, mint_token(self._ring, BY_MAIL, delivery_id, self._real_now()))

    def _report(self, environ: WSGIEnvironment) -> str:
        if wants_no_tracking(environ):
            return "204 No Content"
        if not self._allowance.takes(sender_of(environ)):
            return "429 Too Many Requests"
        length = header(environ, "CONTENT_LENGTH")
        if fault := fault_of_length(length, MOST_BYTES):
            return fault
        try:
            visit = visits.told(
                environ["wsgi.input"].read(int(length)),
                number=uuid7(millis_of(self._now()), os.urandom(NOISE_BYTES)),
                ua=header(environ, "HTTP_USER_AGENT"),
                ring=self._ring,
                now=self._real_now(),
            )
        except NotAVisit:
            return "400 Bad Request"
        if not self._sites.covers(visit.site):
            return "403 Forbidden"
        self._write(visits.write(visit))
        return "204 No Content"


def wants_no_tracking(environ: WSGIEnvironment) -> bool:
    """Whether the browser says so, by Do Not Track or Global Privacy Control."""
    return header(environ, "HTTP_DNT") == "1" or header(environ, "HTTP_SEC_GPC") == "1"


def sender_of(environ: WSGIEnvironment) -> str:
    """Whose reports are counted together."""
    peer = header(environ, "REMOTE_ADDR")
    return visitor_ip(peer, header(environ, "HTTP_X_FORWARDED_FOR")) or peer


def fault_of_length(length: str, most: int) -> str | None:
    """The status for a body whose length was not told, or is beyond `most` bytes."""
    if not length.isdigit():
        return "411 Length Required"
    return "413 Content Too Large" if int(length) > most else None


_PREFLIGHT = [
    ("Access-Control-Allow-Methods", "POST"),
    ("Access-Control-Allow-Headers", "Content-Type"),
    ("Access-Control-Max-Age", "86400"),
]


def _plain(status: str, headers: list[tuple[str, str]]) -> Answer:
    length = [] if status.startswith("204") else [("Content-Length", "0")]
    return Answer(status, [*headers, *length, *UNCACHED], b"")
