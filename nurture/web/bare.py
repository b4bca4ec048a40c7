"""Answers of doors that stand in front of the application: no framework, no cookies, nothing kept."""

from html import escape
from http import HTTPStatus
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

from nurture.rules.words import _

UNCACHED = [
    ("Cache-Control", "no-store, no-cache, must-revalidate, private, max-age=0"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]


class Answer(NamedTuple):
    """What goes out: the status line, the headers, the body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def not_found() -> Answer:
    return page(
        HTTPStatus.NOT_FOUND, _("Nothing here"), _("This link is incomplete, or it is not one of ours.")
    )


def try_later() -> Answer:
    answer = page(
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("One moment"),
        _("This link cannot be looked up now. Please try again."),
    )
    return answer._replace(headers=[*answer.headers, ("Retry-After", "10")])


def page(status: HTTPStatus, title: str, sentence: str) -> Answer:
    """A page of one sentence."""
    text = (
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><h1>{escape(title)}</h1><p>{escape(sentence)}</p>\n"
    ).encode()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(text))), *UNCACHED]
    return Answer(f"{status.value} {status.phrase}", headers, text)


def header(environ: WSGIEnvironment, name: str) -> str:
    """A header of the request by its WSGI name, empty when it is not there."""
    value = environ.get(name, "")
    return value if isinstance(value, str) else ""
