"""A set of reports to measure the reader by: every class of mail that comes back, in the manners of many
servers and in a dozen languages (gate.jsonl). Our own words, invented people; each says what it is."""

import json
from pathlib import Path
from typing import Any

from tests.mail.inbound.shapes import ORIGINAL, US, Shape, dsn, every_shape, letter


def gate() -> list[Shape]:
    """Every report of the set, whole and in some of the ways in which MIME is lost on the way."""
    text = (Path(__file__).parent / "gate.jsonl").read_text("utf-8")
    said = [json.loads(line) for line in text.splitlines()]
    letters = [one for one in said if "text" in one]
    told = [one for one in said if "diagnostic" in one]
    return [
        *(_letter(one, at) for at, one in enumerate(letters)),
        *(_as_html(one) for one in letters if "head" not in one),
        *(Shape(one["name"], one["kind"], dsn(one["diagnostic"], one["status"])) for one in told),
        *(_headers_only(one) for one in told),
        *every_shape(),
    ]


def _letter(one: dict[str, Any], at: int) -> Shape:
    """Every other bounce brings the mail along."""
    original = ORIGINAL if at % 2 and "head" not in one and one["kind"] in ("hard", "soft") else ""
    raw = letter(one["sender"], one["subject"], one["text"], head=one.get("head", ""), original=original)
    return Shape(one["name"], one["kind"], raw)


def _as_html(one: dict[str, Any]) -> Shape:
    text = one["text"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    top = (
        f"From: {one['sender']}\nTo: {US}\nSubject: {one['subject']}\nMIME-Version: 1.0\n"
        "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    page = "<html><body><p>" + text.replace("\n", "<br>\n") + "</p></body></html>\n"
    return Shape(f"{one['name']}, as HTML", one["kind"], (top + page).encode())


def _headers_only(one: dict[str, Any]) -> Shape:
    raw = dsn(one["diagnostic"], one["status"])
    raw = raw.replace(b"Content-Type: message/rfc822", b"Content-Type: text/rfc822-headers")
    return Shape(f"{one['name']}, headers only", one["kind"], raw)
