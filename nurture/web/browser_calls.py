"""What scripts of other makers (analytics.js, RudderStack) post from the browsers of people, below `/v1`.

A request from a browser names its page in Origin. It is answered by the tracking door, from memory alone, and
believed as much as our own script: pages of the list may report what was looked at, whatever key they send.
Requests without Origin come from servers; those go on to the API, which wants a real key.
"""

from collections.abc import Callable
from datetime import datetime
from os import urandom
from uuid import UUID
from wsgiref.types import WSGIEnvironment

from nurture.rules import browser_messages, visits
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.tokens import KeyRing
from nurture.rules.visits import NotAVisit, host_of
from nurture.web.bare import UNCACHED, Answer, header
from nurture.web.outside_calls import CALLS, THEIRS
from nurture.web.website import Allowance, Sites, fault_of_length, sender_of, wants_no_tracking

# What a browser sends at most while it leaves a page (Fetch, section 4.5).
MOST_BYTES = 65_536
_TAKEN = b'{"success": true}'
_ASKED = [
    ("Access-Control-Allow-Methods", "POST"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, AnonymousId, X-Retry-Count"),
    ("Access-Control-Max-Age", "86400"),
]


def is_browser_call(environ: WSGIEnvironment) -> bool:
    """Whether a page of some website calls."""
    return (
        _call(environ) is not None
        and environ["REQUEST_METHOD"] in ("POST", "OPTIONS")
        and bool(header(environ, "HTTP_ORIGIN"))
    )


class BrowserCalls:
    """`now` dates visits; `real_now` is what the age of a token goes by."""

    def __init__(
        self,
        *,
        ring: KeyRing,
        sites: Sites,
        write: Callable[[bytes], None],
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
        allowance: Allowance,
    ) -> None:
        self._ring = ring
        self._sites = sites
        self._write = write
        self._now = now
        self._real_now = real_now
        self._allowance = allowance

    def answer(self, environ: WSGIEnvironment) -> Answer:
        """What to say to a request for which `is_browser_call` holds."""
        origin = header(environ, "HTTP_ORIGIN")
        if not self._sites.covers(host_of(origin)):
            return _plain("403 Forbidden", [])
        shared = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return _plain("204 No Content", [*shared, *_ASKED])
        fault = self._taken(environ)
        if fault is not None:
            return _plain(fault, shared)
        head = [("Content-Type", "application/json"), ("Content-Length", str(len(_TAKEN)))]
        return Answer("200 OK", [*head, *shared, *UNCACHED], _TAKEN)

    def _taken(self, environ: WSGIEnvironment) -> str | None:
        """Write the visits down; the status of a refusal."""
        if wants_no_tracking(environ):
            return None
        if not self._allowance.takes(sender := sender_of(environ)):
            return "429 Too Many Requests"
        length = header(environ, "CONTENT_LENGTH")
        if fault := fault_of_length(length, MOST_BYTES):
            return fault
        try:
            found = browser_messages.told(
                environ["wsgi.input"].read(int(length)),
                _call(environ) or "",
                number=self._number,
                ua=header(environ, "HTTP_USER_AGENT"),
                ring=self._ring,
                now=self._real_now(),
            )
        except NotAVisit:
            return "400 Bad Request"
        if not all(self._sites.covers(visit.site) for visit in found):
            return "403 Forbidden"
        if len(found) > 1 and not self._allowance.takes(sender, len(found) - 1):
            return "429 Too Many Requests"
        for visit in found:
            self._write(visits.write(visit))
        return None

    def _number(self) -> UUID:
        return uuid7(millis_of(self._now()), urandom(NOISE_BYTES))


def _call(environ: WSGIEnvironment) -> str | None:
    path = header(environ, "PATH_INFO")
    return CALLS.get(path.removeprefix(THEIRS)) if path.startswith(THEIRS) else None


def _plain(status: str, headers: list[tuple[str, str]]) -> Answer:
    length = [] if status.startswith("204") else [("Content-Length", "0")]
    return Answer(status, [*headers, *length, *UNCACHED], b"")
