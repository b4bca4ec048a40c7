"""What scripts of other makers (analytics.js, RudderStack) post from the browsers of people, below `/v1`.

A request from a browser names its page in Origin. It is answered by the tracking door, from memory alone, and
believed as much as our own script: pages of the list may report what was looked at, whatever key they send.
Requests without Origin come from servers; those go on to the API, which wants a real key.
"""

from wsgiref.types import WSGIEnvironment

from nurture.rules import browser_messages
from nurture.rules.visits import Visit
from nurture.web.bare import UNCACHED, Answer, header
from nurture.web.outside_calls import CALLS, THEIRS
from nurture.web.visit_reports import Preflight, Reports

# What a browser sends at most while it leaves a page (Fetch, section 4.5).
MOST_BYTES = 65_536
_TAKEN = b'{"success": true}'
_PREFLIGHT = Preflight("Authorization, Content-Type, AnonymousId, X-Retry-Count")


def is_browser_call(environ: WSGIEnvironment) -> bool:
    """Whether a page of some website calls."""
    return (
        _call(environ) is not None
        and environ["REQUEST_METHOD"] in ("POST", "OPTIONS")
        and bool(header(environ, "HTTP_ORIGIN"))
    )


def answer_browser_call(reports: Reports, environ: WSGIEnvironment) -> Answer:
    """What to say to a request for which `is_browser_call` holds."""

    def told(body: bytes) -> list[Visit]:
        return browser_messages.told(
            body,
            _call(environ) or "",
            number=reports.number,
            ua=header(environ, "HTTP_USER_AGENT"),
            ring=reports.ring,
            now=reports.real_now(),
        )

    return reports.answer(environ, _PREFLIGHT, MOST_BYTES, told, _taken)


def _taken(shared: list[tuple[str, str]]) -> Answer:
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(_TAKEN)))]
    return Answer("200 OK", [*head, *shared, *UNCACHED], _TAKEN)


def _call(environ: WSGIEnvironment) -> str | None:
    path = header(environ, "PATH_INFO")
    return CALLS.get(path.removeprefix(THEIRS)) if path.startswith(THEIRS) else None
