"""The addresses that client libraries of the Segment specification call: `/v1/batch` and its kin.

They send the key as Basic authorization or inside the body as `writeKey`, name a call by its first letter at
times, pack bodies with gzip, and call JSON plain text. Each such request goes on to the call of the API of
the same name, as the API wants it; nothing is decided here.
"""

import json
import zlib
from base64 import b64encode
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from nurture.rules.words import _
from nurture.web.bare import UNCACHED, Answer, header

# What a client calls it, and what the API does.
CALLS = {
    **{name: name for name in ("identify", "track", "page", "screen", "group", "alias", "batch")},
    "i": "identify",
    "t": "track",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
    "b": "batch",
    "import": "batch",
}
OURS, THEIRS = "/api/v1/", "/v1/"
# The specification allows 500 kB a batch; the API takes bodies of any kind up to this size.
MOST_BYTES = 2 * 1024 * 1024
_GZIP = zlib.MAX_WBITS | 16  # RFC 1952


class OutsideCalls:
    """In front of the application: everything that is no such call passes untouched."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call = call_of(environ)
        length = header(environ, "CONTENT_LENGTH")
        if call is None or not length.isdigit() or int(length) > MOST_BYTES:
            if call is not None:
                environ = environ | {"PATH_INFO": OURS + call}
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(length))
        if header(environ, "HTTP_CONTENT_ENCODING").lower() == "gzip":
            try:
                body = _unpacked(body)
            except zlib.error:
                return _refuse(
                    start_response, HTTPStatus.BAD_REQUEST, _("The body is called gzip and is not.")
                )
        if len(body) > MOST_BYTES:
            sentence = _("The body is too large: send at most 500 messages, and 2 MB.")
            return _refuse(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        return self._app(_as_ours(environ, call, body), start_response)


def call_of(environ: WSGIEnvironment) -> str | None:
    """Which call of the API a request means; None when it is none of these."""
    path = header(environ, "PATH_INFO").rstrip("/")
    if environ["REQUEST_METHOD"] != "POST":
        return None
    if path.startswith(THEIRS):
        return CALLS.get(path.removeprefix(THEIRS))
    name = path.removeprefix(OURS)
    return name if path.startswith(OURS) and name in CALLS.values() else None


def _as_ours(environ: WSGIEnvironment, call: str, body: bytes) -> WSGIEnvironment:
    kept = {name: value for name, value in environ.items() if name != "HTTP_CONTENT_ENCODING"}
    kept |= {
        "PATH_INFO": OURS + call,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    if "HTTP_AUTHORIZATION" not in environ and (key := _key_inside(body)):
        kept["HTTP_AUTHORIZATION"] = "Basic " + b64encode(f"{key}:".encode()).decode()
    return kept


def _key_inside(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    key = said.get("writeKey") if isinstance(said, dict) else None
    return key if isinstance(key, str) and key.isascii() and key.isprintable() else ""


def _unpacked(body: bytes) -> bytes:
    """At most one byte more than is allowed, whatever packed bytes would swell to. Raises zlib.error."""
    unpacking = zlib.decompressobj(_GZIP)
    found = unpacking.decompress(body, MOST_BYTES + 1)
    if not unpacking.eof and len(found) <= MOST_BYTES:
        raise zlib.error("cut short")
    return found


def _refuse(start_response: StartResponse, status: HTTPStatus, sentence: str) -> list[bytes]:
    told = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": sentence}
    body = json.dumps(told).encode()
    head = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body))), *UNCACHED]
    answer = Answer(f"{status.value} {status.phrase}", head, body)
    start_response(answer.status, answer.headers)
    return [answer.body]
