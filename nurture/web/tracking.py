"""The tracking door: a bare WSGI callable in front of the pages.

It answers opens, clicks and visits of websites from memory alone: a pixel and a redirect work while Redis
and PostgreSQL are away. What it saw goes to the host's spool and, for speed, to the stream; `flows/record`
judges it later.
Where a click leads is decided by the stored link and by nothing in the request but its signed id.
"""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from nurture.files.link_cache import Away
from nurture.rules import hits
from nurture.rules.hits import CLICK, OPEN, TRAP_TARGET, Hit
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.tokens import KeyRing, mint, read
from nurture.rules.visitors import visitor_ip
from nurture.web.bare import UNCACHED, Answer, not_found, try_later
from nurture.web.browser_calls import answer_browser_call, is_browser_call
from nurture.web.visit_reports import NO_SITES, Reports, Sites
from nurture.web.website import PATHS, WebsiteDoor

log = structlog.get_logger()

# The smallest transparent GIF: 1 x 1, one colour, which is see-through (GIF89a).
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_METHODS = frozenset(("GET", "HEAD"))


class Lines(Protocol):
    """Where a line is written down: the host's spool."""

    def append(self, line: bytes) -> None: ...


class Feed(Protocol):
    """Where a line is handed over for speed: the feed of the stream."""

    def add(self, line: bytes) -> None: ...


class Targets(Protocol):
    """Where links lead; None for no such link, Away when that cannot be told now."""

    def target(self, link_id: int) -> str | None: ...


_SEEN = Answer(
    "200 OK", [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL))), *UNCACHED], PIXEL
)


class TrackingDoor:
    """`/o/<token>.gif` and `/c/<token>` by GET and HEAD, `/t.js` and `/t` (web/website), and what scripts of
    other makers post from browsers (web/browser_calls); everything else goes on to `app`.

    `now` gives the instant a hit is dated with, `real_now` what tokens age by (`now` unless said). The door
    never raises for its own paths.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        ring: KeyRing,
        spool: Lines,
        stream: Feed,
        links: Targets,
        now: Callable[[], datetime],
        sites: Sites = NO_SITES,
        real_now: Callable[[], datetime] | None = None,
    ) -> None:
        self._app = app
        self._ring = ring
        self._spool = spool
        self._stream = stream
        self._links = links
        self._now = now
        self._reports = Reports(ring, sites, self._keep, now, real_now or now)
        self._website = WebsiteDoor(self._reports)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        method: str = environ["REQUEST_METHOD"]
        if not _is_ours(path, method) and not is_browser_call(environ):
            return self._app(environ, start_response)
        try:
            answer = self._answer(path, environ)
        except Exception as fault:  # noqa: BLE001 - a reader must get an answer, whatever broke in here.
            log.error("tracking.failed", error=type(fault).__name__)
            answer = try_later()
        start_response(answer.status, answer.headers)
        return [] if method == "HEAD" else [answer.body]

    def _answer(self, path: str, environ: WSGIEnvironment) -> Answer:
        if path in PATHS:
            return self._website.answer(environ)
        if path.startswith("/o/"):
            return self._opened(path, environ)
        if path.startswith("/c/"):
            return self._clicked(path, environ)
        return answer_browser_call(self._reports, environ)

    def _opened(self, path: str, environ: WSGIEnvironment) -> Answer:
        token = path.removeprefix("/o/")
        ids = read(self._ring, "open", token.removesuffix(".gif"), 1) if token.endswith(".gif") else None
        if ids is None:
            return not_found()
        self._write_down(OPEN, ids[0], None, environ)
        return _SEEN

    def _clicked(self, path: str, environ: WSGIEnvironment) -> Answer:
        ids = read(self._ring, "click", path.removeprefix("/c/"), 2)
        if ids is None:
            return not_found()
        delivery_id, link_id = ids
        self._write_down(CLICK, delivery_id, link_id, environ)
        try:
            target = self._links.target(link_id)
        except Away:
            return try_later()
        if target == TRAP_TARGET:
            # From where the link stands, so that whatever proxies put before our paths stays there.
            return _redirect(f"../unseen/{mint(self._ring, 'view', delivery_id)}")
        return not_found() if target is None else _redirect(self._website.marked(target, delivery_id))

    def _write_down(self, kind: str, delivery_id: int, link_id: int | None, environ: WSGIEnvironment) -> None:
        line = hits.write(
            Hit(
                id=uuid7(millis_of(self._now()), os.urandom(NOISE_BYTES)),
                kind=kind,
                delivery_id=delivery_id,
                link_id=link_id,
                method=environ["REQUEST_METHOD"],
                ua=hits.clean(environ.get("HTTP_USER_AGENT", "")),
                ip=visitor_ip(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")),
                headers=_kept_headers(environ),
            )
        )
        self._keep(line)

    def _keep(self, line: bytes) -> None:
        """Spool first, since that is what counts; a full disk leaves the stream as the only hope."""
        try:
            self._spool.append(line)
        except OSError as fault:
            log.error("tracking.spool_refused", error=fault.strerror or type(fault).__name__)
        self._stream.add(line)


def nowhere(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application behind a door that stands alone: it is alive, and has no pages."""
    if environ.get("PATH_INFO") == "/healthz":
        answer = Answer("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")], b"ok\n")
    else:
        answer = not_found()
    start_response(answer.status, answer.headers)
    return [answer.body]


def _is_ours(path: str, method: str) -> bool:
    return path in PATHS or (path.startswith(("/o/", "/c/")) and method in _METHODS)


def _kept_headers(environ: WSGIEnvironment) -> dict[str, str]:
    kept = ((name, environ.get(key)) for name, key in hits.KEPT_HEADERS.items())
    return {name: hits.clean(value) for name, value in kept if value}


def _redirect(target: str) -> Answer:
    return Answer("302 Found", [("Location", target), ("Content-Length", "0"), *UNCACHED], b"")
