"""Bodies that come byte by byte. A web process has a handful of threads, and a body that is on its way holds
one of them for as long as its sender likes: so few may be on their way at a time that a thread is left, and
readers get where their links lead whatever is sent beside them.
"""

import json
import threading
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from nurture.rules.words import _
from nurture.web.bare import UNCACHED, Answer, header, page

# What is read here. Larger ones are files, which are streamed by those who take them, from people who have
# signed in and programs with a key; everybody else refuses them unread.
MOST_BYTES = 2 * 1024 * 1024
# A body that was sent in one go is there by then.
PATIENCE_SECONDS = 0.05
_PROGRAMS = ("/api/", "/v1/")


class SlowBodies:
    """In front of everything: at most `most` bodies are on their way at a time, and the rest are asked to
    come again (503). What has arrived whole waits for nobody."""

    def __init__(self, app: WSGIApplication, most: int, *, patience: float = PATIENCE_SECONDS) -> None:
        self._app = app
        self._turns = threading.Semaphore(most)
        self._patience = patience

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = header(environ, "CONTENT_LENGTH")
        endless = "chunked" in header(environ, "HTTP_TRANSFER_ENCODING").lower()
        size = int(length) if length.isascii() and length.isdigit() else 0
        if not endless and not 0 < size <= MOST_BYTES:
            return self._app(environ, start_response)
        if not self._turns.acquire(timeout=self._patience):
            answer = _come_again(header(environ, "PATH_INFO"))
            start_response(answer.status, answer.headers)
            return [answer.body]
        try:
            if endless:
                return self._app(environ, start_response)
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(size))
        finally:
            self._turns.release()
        return self._app(environ, start_response)


def _come_again(path: str) -> Answer:
    status, sentence = (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("Too much is being sent here at once. Nothing of this was taken: please send it again."),
    )
    answer = page(status, _("One moment"), sentence)
    if path.startswith(_PROGRAMS):
        told = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": sentence}
        body = json.dumps(told).encode()
        head = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body))), *UNCACHED]
        answer = Answer(f"{status.value} {status.phrase}", head, body)
    return answer._replace(headers=[*answer.headers, ("Retry-After", "2")])
