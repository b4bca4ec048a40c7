"""One hit: what a tracking request told, as it is written down and read back."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from uuid import UUID

import orjson

from nurture.rules.ids import time_of

OPEN = "open"
CLICK = "click"
# The label of links that nobody can see (mail/links): what no words of a link are by accident.
TRAP_LABEL = "#trap"
# Where the one that the engine puts into a mail leads: to a page that says what it is for (web/tracking).
TRAP_TARGET = "trap:"
# Header names as they are kept, and the WSGI names they arrive under.
KEPT_HEADERS = {
    "referer": "HTTP_REFERER",
    "purpose": "HTTP_PURPOSE",
    "sec-purpose": "HTTP_SEC_PURPOSE",
    "x-purpose": "HTTP_X_PURPOSE",
    "x-moz": "HTTP_X_MOZ",
    "x-forwarded-for": "HTTP_X_FORWARDED_FOR",
    "accept": "HTTP_ACCEPT",
    "accept-language": "HTTP_ACCEPT_LANGUAGE",
}
LONGEST_TEXT = 400
# How a line begins that `write` made before the year 2527; its id.
_BEGINNING = re.compile(rb'\{"id":"(0[0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"')
# Such an address is written as it is kept.
_PLAIN_IPV4 = re.compile(
    r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
)
_LARGEST_ID = (1 << 63) - 1
_DIGITS_OF_AN_ID = 32
_VERSION, _VARIANT = 7, 0b10
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class NotAHit(ValueError):
    """A line that no tracking door of ours has written."""


class _Told(NamedTuple):
    id: UUID
    kind: str
    delivery_id: int
    link_id: int | None
    method: str
    ua: str
    ip: str | None
    headers: Mapping[str, str]
    at: datetime


class Hit(_Told):
    """A request for a pixel or a tracked link. `id` is a UUIDv7; its time is `at`, to the millisecond.

    A tuple: hits come by the hundred thousand, and a frozen data class of as many fields is made in three
    times the time."""

    __slots__ = ()

    def __new__(
        cls,
        id: UUID,
        kind: str,
        delivery_id: int,
        link_id: int | None,
        method: str,
        ua: str,
        ip: str | None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Self:
        return tuple.__new__(cls, (id, kind, delivery_id, link_id, method, ua, ip, headers, time_of(id)))


def write(hit: Hit) -> bytes:
    """One line of JSON without its newline, in ASCII, so that no byte of a visitor can end it."""
    return json.dumps(
        {
            "id": str(hit.id),
            "kind": hit.kind,
            "delivery_id": hit.delivery_id,
            "link_id": hit.link_id,
            "at": hit.at.isoformat(),
            "method": hit.method,
            "ua": hit.ua,
            "ip": hit.ip,
            "headers": dict(hit.headers),
        },
        separators=(",", ":"),
    ).encode("ascii")


def id_of(line: bytes) -> str | None:
    """The id that a line begins with, without reading it; None where it does not look like one of ours."""
    found = _BEGINNING.match(line)
    return found[1].decode() if found else None


def read(line: bytes) -> Hit:
    """The hit of a line; raises NotAHit for anything that could not be stored as one."""
    try:
        raw = _parsed(line)
        hit = Hit(
            _id(raw["id"]),
            raw["kind"],
            raw["delivery_id"],
            raw["link_id"],
            clean(raw["method"])[:10],
            clean(raw["ua"]),
            _canonical(raw["ip"]) if raw["ip"] else None,
            _headers(raw["headers"]),
        )
        year = hit.at.year
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as fault:
        raise NotAHit("not a line of the tracking door") from fault
    if hit.kind not in (OPEN, CLICK) or not _is_of_time(hit.id) or year > 9000 or not _is_id(hit.delivery_id):
        raise NotAHit("not a hit")
    if (hit.kind == CLICK) != _is_id(hit.link_id):
        raise NotAHit("a click has a link, an open has none")
    return hit


def _id(text: str) -> UUID:
    # What `UUID(text)` does, without its care for other ways of writing one: in half the time.
    digits = text.replace("-", "")
    if len(digits) != _DIGITS_OF_AN_ID:
        raise ValueError("not an id")
    return UUID(int=int(digits, 16))


def _is_of_time(number: UUID) -> bool:
    """Whether it is a UUIDv7, told by its bits: variant and version, as RFC 9562 has them."""
    return number.int >> 76 & 0xF == _VERSION and number.int >> 62 & 0b11 == _VARIANT


def _headers(raw: Mapping[str, str]) -> Mapping[str, str]:
    return {clean(name): clean(value) for name, value in raw.items()} if raw else _NO_HEADERS


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:  # half a sign of UTF-16, say, which the other reader lets pass
        return json.loads(line)


@lru_cache(maxsize=8192)
def _canonical(ip: str) -> str:
    return ip if _PLAIN_IPV4.fullmatch(ip) else str(ip_address(ip))


def clean(text: str) -> str:
    """A visitor's text as the database can hold it: no control characters, no lone surrogates, and
    no longer than a log line should be."""
    return _cleaned(text[:LONGEST_TEXT])


# Programs and methods are few: each is one text then, whose hash is known. Only what was cut is remembered,
# for a header may be half a megabyte.
@lru_cache(maxsize=4096)
def _cleaned(short: str) -> str:
    if short.isascii() and short.isprintable():
        return short
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in short)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_ID
