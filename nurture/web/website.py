"""The door of website tracking: `/t.js`, and `POST /t` where pages with it report visits.

It answers from memory alone, as the rest of the tracking door does: what it saw goes to the host's spool and
to the stream, and `flows/take_visits` makes of it what it is. Only sites of the list may report.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from wsgiref.types import WSGIEnvironment

from nurture.rules import visits
from nurture.rules.visits import BY_MAIL, Visit, host_of, mint_token, with_token
from nurture.web.bare import Answer, header, not_found
from nurture.web.visit_reports import Preflight, Reports, plain

SCRIPT = Path(__file__).resolve().parent / "static" / "t.js"
PATHS = frozenset(("/t", "/t.js"))
MOST_BYTES = 8_192
_DAY = 86_400
_PREFLIGHT = Preflight("Content-Type")


class WebsiteDoor:
    """Answers the two addresses, and marks clicks that lead to a site of the list."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
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
            return self._lend(environ, method)
        if method in ("POST", "OPTIONS"):
            return self._report(environ)
        return not_found() if method in ("GET", "HEAD") else plain("405 Method Not Allowed", [])

    def marked(self, target: str, delivery_id: int) -> str:
        """Where a click leads: to a site of the list with a word about who comes, so that its script knows
        the reader; anywhere else as it is."""
        if not self._reports.sites.covers(host_of(target)):
            return target
        word = mint_token(self._reports.ring, BY_MAIL, delivery_id, self._reports.real_now())
        return with_token(target, word)

    def _lend(self, environ: WSGIEnvironment, method: str) -> Answer:
        if method not in ("GET", "HEAD"):
            return plain("405 Method Not Allowed", [("Allow", "GET, HEAD")])
        return self._unchanged if self._tag in header(environ, "HTTP_IF_NONE_MATCH") else self._script

    def _report(self, environ: WSGIEnvironment) -> Answer:
        reports = self._reports

        def one(body: bytes) -> Iterator[Visit]:
            yield visits.told(
                body,
                number=reports.number(),
                ua=header(environ, "HTTP_USER_AGENT"),
                ring=reports.ring,
                now=reports.real_now(),
            )

        return reports.answer(
            environ, _PREFLIGHT, MOST_BYTES, one, lambda shared: plain("204 No Content", shared)
        )
