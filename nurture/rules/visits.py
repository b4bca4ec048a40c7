"""One visit to a website that bears our script: what the page told, as it is written down and read back."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from nurture.rules import names
from nurture.rules.hits import clean
from nurture.rules.ids import time_of
from nurture.rules.outside_events import VISITED, kind_of
from nurture.rules.tokens import KeyRing, mint, read

# The parameter by which a tracked click tells the page who comes.
PARAMETER = "nv"
# A link that was copied from the address bar and passed on must not make a colleague into the lead.
TOKEN_MINUTES = 30
# What a website may report: these, and kinds of its own making. Whoever wants to report more has a key.
OF_WEBSITES = frozenset({VISITED, "downloaded", "viewed_product", "offer_viewed"})
BY_MAIL, BY_FORM = "visit", "visit-form"
_VISITOR = re.compile(r"[0-9a-f]{32}")
_MOST_DATA = 20
_LONGEST_URL = 2_000
_MARK = b'"kind":"visit"'


class NotAVisit(ValueError):
    """A body that no page of ours has sent, or a line that no door of ours has written."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that was looked at, or something done on it. `id` is a UUIDv7 made at the door; `view` is the
    page's own name for this look, so that telling it again, with the visitor known, is the same visit.
    `delivery_id` or `submission_id` (of a form that was sent) where a signed token said who comes. `vouched`:
    told by a program with a key, which may keep to itself what browser it was."""

    id: UUID
    view: UUID
    kind: str
    site: str
    url: str
    path: str
    title: str = ""
    referrer: str = ""
    visitor: str | None = None
    delivery_id: int | None = None
    submission_id: int | None = None
    ua: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    vouched: bool = False

    @property
    def at(self) -> datetime:
        return time_of(self.id)


def mint_token(ring: KeyRing, purpose: str, number: int, now: datetime) -> str:
    """Says for half an hour that whoever comes with it is the reader of a delivery (BY_MAIL), or has sent a
    form (BY_FORM, the number of what was sent: the lead's would tell how long it has been known)."""
    return mint(ring, purpose, number, int(now.timestamp()) // 60)


def read_token(ring: KeyRing, purpose: str, token: str, now: datetime) -> int | None:
    """The number of a genuine token that is not too old."""
    found = read(ring, purpose, token, 2)
    if found is None or not 0 <= int(now.timestamp()) // 60 - found[1] <= TOKEN_MINUTES:
        return None
    return found[0]


def with_token(target: str, token: str) -> str:
    """The address with the token among its parameters; everything else in it stays as it was."""
    scheme, host, path, query, fragment = urlsplit(target)
    told = f"{query}&{PARAMETER}={token}" if query else f"{PARAMETER}={token}"
    return urlunsplit((scheme, host, path, told, fragment))


def host_of(address: str) -> str:
    """The host of an http address, in small letters; empty for anything else."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").rstrip(".") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def covers(sites: Sequence[str] | frozenset[str], host: str) -> bool:
    """Whether the host is one of the sites, or below one of them."""
    return any(host == site or host.endswith(f".{site}") for site in sites)


def told(body: bytes, *, number: UUID, ua: str, ring: KeyRing, now: datetime) -> Visit:
    """What a page sent: {u, t?, r?, i?, v?, k?, e?, d?}. Raises NotAVisit. Of an address only the path and
    what campaigns wrote into it are kept: other parameters hold what is nobody's business."""
    try:
        raw = json.loads(body)
        address = raw["u"]
        site = host_of(address)
        kind = kind_said(raw.get("e"))
        token = raw.get("k") if isinstance(raw.get("k"), str) else ""
        visitor = raw.get("v")
        if not site or len(address) > _LONGEST_URL or kind is None:
            raise NotAVisit("not an address of a page, or not something a page may report")
        return Visit(
            id=number,
            view=UUID(hex=raw["i"]) if raw.get("i") else number,
            kind=kind,
            site=site,
            url=clean(_public(address)),
            path=clean(_path(address)),
            title=clean(str(raw.get("t") or "")),
            referrer=clean(_origin_and_path(str(raw.get("r") or ""))),
            visitor=visitor if isinstance(visitor, str) and _VISITOR.fullmatch(visitor) else None,
            delivery_id=read_token(ring, BY_MAIL, token, now),
            submission_id=read_token(ring, BY_FORM, token, now),
            ua=clean(ua),
            data=_data(raw.get("d")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise NotAVisit("not what our script sends") from fault


def reported(
    number: UUID, view: UUID | None, visitor: str | None, kind: str, properties: Mapping[str, Any], ua: str
) -> Visit:
    """What a program with a key tells of a visitor whom nobody knows yet: {url?, path?, title?, referrer?}
    and whatever else it says."""
    address = str(properties.get("url") or "")[:_LONGEST_URL]
    site = host_of(address)
    path = str(properties.get("path") or "") or (_path(address) if site else "")
    places = ("url", "path", "title", "referrer", "search")
    return Visit(
        id=number,
        view=view or number,
        kind=kind,
        site=clean(site),
        url=clean(_public(address)) if site else "",
        path=clean(path),
        title=clean(str(properties.get("title") or "")),
        referrer=clean(_origin_and_path(str(properties.get("referrer") or ""))),
        visitor=visitor,
        ua=clean(ua),
        data=_data({name: value for name, value in properties.items() if name not in places}),
        vouched=True,
    )


def write(visit: Visit) -> bytes:
    """One line of JSON without its newline, in ASCII."""
    raw = {
        "id": str(visit.id),
        "kind": "visit",
        "view": visit.view.hex,
        "did": visit.kind,
        "site": visit.site,
        "url": visit.url,
        "path": visit.path,
        "title": visit.title,
        "referrer": visit.referrer,
        "visitor": visit.visitor,
        "delivery_id": visit.delivery_id,
        "submission_id": visit.submission_id,
        "ua": visit.ua,
        "data": dict(visit.data),
    }
    return json.dumps(raw, separators=(",", ":")).encode("ascii")


def is_visit(line: bytes) -> bool:
    """Whether a line of the spool is one of these, told by its beginning."""
    return _MARK in line[:80]


def parse(line: bytes) -> Visit:
    """The visit of a line; raises NotAVisit for anything that could not be stored as one."""
    try:
        raw = json.loads(line)
        visit = Visit(
            id=UUID(raw["id"]),
            view=UUID(hex=raw["view"]),
            kind=raw["did"],
            visitor=raw["visitor"],
            delivery_id=raw["delivery_id"],
            submission_id=raw.get("submission_id"),
            data=raw["data"],
            site=clean(raw["site"]),
            url=clean(raw["url"]),
            path=clean(raw["path"]),
            title=clean(raw["title"]),
            referrer=clean(raw["referrer"]),
            ua=clean(raw["ua"]),
        )
        if visit.id.version != 7 or visit.at.year > 9000:
            raise NotAVisit("not a line of the door")
        return visit
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as fault:
        raise NotAVisit("not a line of the door") from fault


@dataclass(frozen=True, slots=True)
class PathRule:
    """Looks at pages whose path meets the pattern (`*` stands for anything) are signals of this kind; a route
    behind the # may meet it by itself."""

    pattern: str
    kind: str

    def meets(self, path: str) -> bool:
        expression = ".*".join(re.escape(piece) for piece in self.pattern.split("*"))
        route = path.partition("#")[2].removeprefix("!")
        return any(re.fullmatch(expression, one, re.IGNORECASE) for one in (path, route) if one)


def kind_by(rules: Sequence[PathRule], visit: Visit) -> str:
    """The kind of signal a visit is: what the page reported, else what the first fitting rule says."""
    if visit.kind != VISITED:
        return visit.kind
    return next((rule.kind for rule in rules if rule.meets(visit.path)), VISITED)


def kind_said(said: object) -> str | None:
    """The kind of what a website reports under this name (None: a look); None for what it may not report."""
    if said is None:
        return VISITED
    kind = kind_of(said) if isinstance(said, str) else None
    return kind if kind in OF_WEBSITES or kind not in names.SIGNALS else None


def _public(address: str) -> str:
    scheme, host, path, query, fragment = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(query) if name.startswith("utm_")]
    return urlunsplit((scheme, host.rpartition("@")[2], path or "/", urlencode(kept), _route(fragment)))


def _path(address: str) -> str:
    """The path, with the route where the site keeps that behind the #."""
    parts = urlsplit(address)
    route = _route(parts.fragment)
    return f"{parts.path or '/'}#{route}" if route else parts.path or "/"


def _route(fragment: str) -> str:
    """`/prices` or `!/prices`, without its parameters; a place on a page is no route."""
    return fragment.partition("?")[0] if fragment.startswith(("/", "!/")) else ""


def _origin_and_path(address: str) -> str:
    if not host_of(address):
        return ""
    scheme, host, path, _query, _fragment = urlsplit(address)
    return urlunsplit((scheme, host.rpartition("@")[2], path, "", ""))


def _data(said: object) -> dict[str, Any]:
    if not isinstance(said, dict):
        return {}
    plain = [(name, value) for name, value in said.items() if _is_plain(value)]
    return {
        clean(str(name))[:60]: clean(value) if isinstance(value, str) else value
        for name, value in plain[:_MOST_DATA]
    }


def _is_plain(value: object) -> bool:
    """What the database can hold as it is: NaN and the infinities are no JSON."""
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, str) or (isinstance(value, int) and abs(value) < 1 << 63)
