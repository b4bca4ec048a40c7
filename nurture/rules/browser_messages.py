"""What a script of the Segment specification tells from a browser, as visits of a website.

Its write key can be read by everybody who looks at the page, so it proves nothing: such messages are believed
as much as those of our own script. What somebody looked at is kept by `anonymousId`; who it is only a signed
word says, from a click in a mail that led there. What they say of a person (identify, group, alias) is passed
over: a server with a key says that.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from nurture.rules.hits import clean
from nurture.rules.tokens import KeyRing
from nurture.rules.visits import (
    BY_MAIL,
    PARAMETER,
    NotAVisit,
    Visit,
    host_of,
    kind_said,
    read_token,
    reported,
)

MOST = 100
_LONGEST_NAME = 64
_LOOKS = frozenset({"page", "screen"})


def told(
    body: bytes, call: str, *, number: Callable[[], UUID], ua: str, ring: KeyRing, now: datetime
) -> list[Visit]:
    """The visits among the messages of a body; `call` is the name of the call, `batch` for many. Raises
    NotAVisit for what is none of the specification's."""
    try:
        raw = json.loads(body)
        messages = raw["batch"] if call == "batch" else [raw | {"type": call}]
        if not isinstance(messages, list) or not 1 <= len(messages) <= MOST:
            raise NotAVisit("not so many messages")
        return list(_visits(messages, number, ua, ring, now))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise NotAVisit("not what such a script sends") from fault


def _visits(
    messages: list[Any], number: Callable[[], UUID], ua: str, ring: KeyRing, now: datetime
) -> Iterator[Visit]:
    for one in messages:
        kind = kind_said(None if one.get("type") in _LOOKS else one.get("event"))
        if one.get("type") not in _LOOKS | {"track"} or kind is None:
            continue
        page = (one.get("context") or {}).get("page") or {}
        properties = one.get("properties") or {}
        told = _named(one) | page | properties if one["type"] in _LOOKS else _named(one) | properties | page
        address = str(told.get("url") or "")
        message = one.get("messageId")
        view = uuid5(NAMESPACE_URL, f"segment:{message}") if isinstance(message, str) and message else None
        visit = reported(number(), view, _visitor(one), kind, told, ua)
        if not host_of(address):
            raise NotAVisit("not an address of a page")
        token = _token(address) or _token(f"{address}{told.get('search') or ''}")
        yield replace(visit, delivery_id=read_token(ring, BY_MAIL, token, now), vouched=False)


def _named(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in ("event", "name") if message.get(name)}


def _visitor(message: Mapping[str, Any]) -> str | None:
    name = message.get("anonymousId")
    return clean(name) if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME else None


def _token(address: str) -> str:
    return parse_qs(urlsplit(address).query).get(PARAMETER, [""])[0]
