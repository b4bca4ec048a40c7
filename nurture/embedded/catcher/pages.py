"""The catcher's page: a small WSGI application over the box (PEP 3333)."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from nurture.embedded.catcher.box import Box, Summary
from nurture.rules import words
from nurture.rules.words import _, ngettext

_PAGES = Path(__file__).parent / "pages"
_PER_PAGE = 50
_OWN = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A mail may show its pictures and styles and open its links in a new tab, and nothing else.
_MAIL = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")

StartResponse = Callable[..., Any]


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: str
    body: bytes
    kind: str = "text/html; charset=utf-8"
    policy: str = _OWN
    extra: list[tuple[str, str]] = field(default_factory=list)


class Pages:
    """The application. `names` are the Host names it answers to; None answers to all.

    A page on a loopback address is still in reach of every web site the browser visits, by DNS
    rebinding: only its own names are therefore served.
    """

    def __init__(self, box: Box, *, names: tuple[str, ...] | None = _LOCAL_NAMES) -> None:
        self._box = box
        self._names = names
        self._templates = Environment(
            loader=FileSystemLoader(_PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._templates.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]
        self._templates.filters["size"] = _size
        self._templates.globals["language"] = words.spoken

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with words.speaking(_language(environ)):
            answer = self._answer(environ)
        start_response(
            answer.status,
            [
                ("Content-Type", answer.kind),
                ("Content-Length", str(len(answer.body))),
                ("Content-Security-Policy", answer.policy),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-store"),
                *answer.extra,
            ],
        )
        return [answer.body] if environ["REQUEST_METHOD"] == "GET" else [b""]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._page("405 Method Not Allowed", "missing.html", extra=[("Allow", "GET, HEAD")])
        if not self._is_mine(str(environ.get("HTTP_HOST", ""))):
            return Answer("421 Misdirected Request", b"", "text/plain; charset=utf-8")
        path = str(environ.get("PATH_INFO") or "/")
        query = {name: found[-1] for name, found in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if path == "/":
            return self._list(query)
        if path == "/messages.json":
            return self._json(query)
        if path == "/style.css":
            return Answer("200 OK", (_PAGES / "style.css").read_bytes(), "text/css; charset=utf-8")
        return self._one(path)

    def _is_mine(self, host: str) -> bool:
        return self._names is None or re.sub(r":\d+$", "", host) in self._names

    def _list(self, query: dict[str, str]) -> Answer:
        asked = query.get("q", "").strip()
        start = int(query.get("from", "0")) if query.get("from", "0").isdecimal() else 0
        found = _matching(self._box.newest_first(), asked)
        shown = found[start : start + _PER_PAGE]
        return self._page(
            "200 OK",
            "list.html",
            mails=shown,
            words=asked,
            count=len(found),
            newer=_link(asked, max(0, start - _PER_PAGE)) if start else None,
            older=_link(asked, start + _PER_PAGE) if len(found) > start + _PER_PAGE else None,
        )

    def _json(self, query: dict[str, str]) -> Answer:
        mails = [_as_json(summary) for summary in _matching(self._box.newest_first(), query.get("q", ""))]
        return Answer("200 OK", json.dumps(mails).encode(), "application/json")

    def _one(self, path: str) -> Answer:
        match = re.fullmatch(r"/messages/(\d{1,12})(|\.eml|/html|/text)", path, re.ASCII)
        raw = self._box.raw(int(match[1])) if match else None
        if match is None or raw is None:
            return self._page("404 Not Found", "missing.html")
        if match[2] == ".eml":
            # Shown as plain text: nothing in a mail may run in the name of this page.
            return Answer("200 OK", raw, "text/plain; charset=utf-8")
        message = _parse(raw)
        if match[2] == "/html":
            return Answer("200 OK", _framed(_body(message, "html")).encode("utf-8", "replace"), policy=_MAIL)
        if match[2] == "/text":
            return Answer(
                "200 OK", _body(message, "plain").encode("utf-8", "replace"), "text/plain; charset=utf-8"
            )
        return self._mail(int(match[1]), raw, message)

    def _mail(self, number: int, raw: bytes, message: EmailMessage) -> Answer:
        return self._page(
            "200 OK",
            "mail.html",
            mail=self._box.summary(number),
            has_html=bool(_body(message, "html")),
            text=_body(message, "plain"),
            headers=[(name, str(value)) for name, value in message.raw_items()],
            attachments=[
                part.get_filename() or part.get_content_type() for part in message.iter_attachments()
            ],
            source=raw.decode("utf-8", "replace"),
        )

    def _page(
        self, status: str, template: str, extra: list[tuple[str, str]] | None = None, **values: object
    ) -> Answer:
        body = self._templates.get_template(template).render(values).encode("utf-8", "replace")
        return Answer(status, body, extra=extra or [])


def _matching(mails: list[Summary], asked: str) -> list[Summary]:
    """Those in whose sender, recipient or subject every word occurs."""
    wanted = asked.casefold().split()
    return [
        mail
        for mail in mails
        if all(word in f"{mail.sender} {mail.to} {mail.subject}".casefold() for word in wanted)
    ]


def _as_json(mail: Summary) -> dict[str, object]:
    return {
        "id": mail.id,
        "from": mail.sender,
        "to": mail.to,
        "subject": mail.subject,
        "date": mail.date,
        "size": mail.size,
    }


def _parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _body(message: EmailMessage, kind: str) -> str:
    """The text of that kind; empty when the mail has none or it cannot be read."""
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an unknown character set
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _framed(html: str) -> str:
    """The mail as its reader sees it, links opening in a new tab as in a mail program."""
    base = '<base target="_blank">'
    framed, found = re.subn(r"(?i)<head(?:\s[^>]*)?>", lambda match: match[0] + base, html, count=1)
    return framed if found else base + html


def _link(asked: str, start: int) -> str:
    return "/?" + urlencode({"q": asked, "from": start})


def _language(environ: dict[str, Any]) -> str:
    """The one of our languages that the browser likes best."""
    wanted = parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE"), LanguageAccept)
    return wanted.best_match(words.languages(), words.ENGLISH)


def _size(count: int) -> str:
    if count < 1024:
        return _("{n} B").format(n=count)
    return _("{n} KB").format(n=format_decimal(count / 1024, "0.0", locale=words.spoken()))
