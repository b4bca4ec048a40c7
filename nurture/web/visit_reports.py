"""Reports of visits from pages of websites: who may send them, how many and how long, and where they go.

Both kinds are taken this way, those of our own script (web/website) and those of other makers'
(web/browser_calls). A report is answered from memory alone and written to the host's spool and to the stream.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID
from wsgiref.types import WSGIEnvironment

from nurture.rules import visits
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.tokens import KeyRing
from nurture.rules.visitors import visitor_ip
from nurture.rules.visits import NotAVisit, Visit, host_of
from nurture.web.bare import UNCACHED, Answer, header

# A page view is one report. An office behind one address looks at a few pages a second.
MOST_A_MINUTE = 300
_MOST_ADDRESSES = 20_000


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


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a browser is told that asks before it posts (Fetch, section 4.8)."""

    headers: str

    def answer(self, shared: list[tuple[str, str]]) -> Answer:
        allowed = [
            ("Access-Control-Allow-Methods", "POST"),
            ("Access-Control-Allow-Headers", self.headers),
            ("Access-Control-Max-Age", "86400"),
        ]
        return plain("204 No Content", [*shared, *allowed])


@dataclass(frozen=True, slots=True)
class Reports:
    """Where reports of visits are taken. `now` dates them; `real_now` is what the age of a token goes by,
    whatever a virtual clock says. One allowance counts the reports of every kind."""

    ring: KeyRing
    sites: Sites
    write: Callable[[bytes], None]
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    allowance: Allowance = field(default_factory=Allowance)

    def answer(
        self,
        environ: WSGIEnvironment,
        preflight: Preflight,
        most_bytes: int,
        read: Callable[[bytes], Iterable[Visit]],
        taken: Callable[[list[tuple[str, str]]], Answer],
    ) -> Answer:
        """What to say to a POST or OPTIONS of a page: `taken(headers)` where its visits were written down, or
        were not wanted to be. `read` makes visits of the body, or raises NotAVisit."""
        origin = header(environ, "HTTP_ORIGIN")
        if not self.sites.covers(host_of(origin)):
            return plain("403 Forbidden", [])
        shared = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return preflight.answer(shared)
        refusal = None if _wants_no_tracking(environ) else self._take(environ, most_bytes, read)
        return taken(shared) if refusal is None else plain(refusal, shared)

    def number(self) -> UUID:
        """The id of a visit of this moment."""
        return uuid7(millis_of(self.now()), os.urandom(NOISE_BYTES))

    def _take(
        self, environ: WSGIEnvironment, most_bytes: int, read: Callable[[bytes], Iterable[Visit]]
    ) -> str | None:
        """Write the visits down; the status of a refusal."""
        if not self.allowance.takes(sender := _sender(environ)):
            return "429 Too Many Requests"
        length = header(environ, "CONTENT_LENGTH")
        if fault := _fault_of_length(length, most_bytes):
            return fault
        try:
            found = list(read(environ["wsgi.input"].read(int(length))))
        except NotAVisit:
            return "400 Bad Request"
        if not all(self.sites.covers(visit.site) for visit in found):
            return "403 Forbidden"
        if len(found) > 1 and not self.allowance.takes(sender, len(found) - 1):
            return "429 Too Many Requests"
        for visit in found:
            self.write(visits.write(visit))
        return None


def plain(status: str, headers: list[tuple[str, str]]) -> Answer:
    """A status without a body, kept nowhere."""
    length = [] if status.startswith("204") else [("Content-Length", "0")]
    return Answer(status, [*headers, *length, *UNCACHED], b"")


def _wants_no_tracking(environ: WSGIEnvironment) -> bool:
    """Whether the browser says so, by Do Not Track or Global Privacy Control."""
    return header(environ, "HTTP_DNT") == "1" or header(environ, "HTTP_SEC_GPC") == "1"


def _sender(environ: WSGIEnvironment) -> str:
    """Whose reports are counted together."""
    peer = header(environ, "REMOTE_ADDR")
    return visitor_ip(peer, header(environ, "HTTP_X_FORWARDED_FOR")) or peer


def _fault_of_length(length: str, most: int) -> str | None:
    """The status for a body whose length was not told, or is beyond `most` bytes."""
    if not length.isdigit():
        return "411 Length Required"
    return "413 Content Too Large" if int(length) > most else None
