"""The form of a receiver of webhooks: what is typed becomes what the flow takes, and the other way round."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from nurture.flows.endpoints import Receiver
from nurture.rules.conditions import describe, parse
from nurture.store.webhooks import WebhookEndpoint
from nurture.webhooks.presets import Preset

# gettext reads these marks.
_N = str
# What a filter may ask on the page, and what it is called there; others can be set by the API.
ASKED: Mapping[str, str] = {
    "data.grade": _N("grade"),
    "data.temperature": _N("temperature"),
    "data.readiness.score": _N("readiness"),
    "data.heat": _N("heat"),
    "data.source": _N("source"),
    "data.lead.email": _N("e-mail address"),
    "data.lead.language": _N("language"),
    "data.lead.timezone": _N("time zone"),
    "data.lead.company": _N("company"),
    "data.lead.role": _N("role"),
    "data.owner.email": _N("e-mail of the owner"),
    "data.cause": _N("cause"),
    "data.outcome": _N("answer of sales"),
    "data.reason": _N("reason"),
    "data.new": _N("new stage or temperature"),
}
WAYS: Mapping[str, str] = {
    "in": _N("is one of"),
    "contains": _N("contains"),
    "gte": _N("is at least"),
    "lte": _N("is at most"),
    "exists": _N("is known"),
}
_BLANK_ROWS = 2
_BLANK_HEADERS = 1
# A part of an address that is long and mixed is most likely a key.
_KEY = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w:.-]{12,}|bot\d+:[\w-]+")


@dataclass(frozen=True)
class Asked:
    """One line of a filter as it is typed."""

    field: str = ""
    way: str = "in"
    value: str = ""

    @property
    def complete(self) -> bool:
        """Whether it asks something: all ways but one compare with a value."""
        return bool(self.field and (self.value.strip() or self.way == "exists"))


def shown_url(url: str) -> str:
    """An address without what looks like a key in it, for lists: some programs are reached by a secret
    address."""
    parts = urlsplit(url)
    path = "/".join(_covered(part) for part in parts.path.split("/"))
    return f"{parts.scheme}://{parts.netloc}{path}" + ("?…" if parts.query else "")


def _covered(part: str) -> str:
    return f"{part[:4]}…" if _KEY.fullmatch(part) else part


def receiver_of(form: "MultiDict[str, str]", kept: Mapping[str, Any] | None = None) -> Receiver:
    """What was typed. A filter that the page cannot show stays unless lines are typed in its place."""
    return Receiver(
        url=form.get("url", ""),
        types=form.getlist("types"),
        filter=_filter(form, kept or {}),
        mapping=form.get("mapping", ""),
        headers=_headers(form),
    )


def _filter(form: "MultiDict[str, str]", kept: Mapping[str, Any]) -> Mapping[str, Any]:
    lines = [line for line in typed_lines(form) if line.complete]
    if not lines:
        return kept if lines_of(kept) is None else {}
    wanted = [_condition(line) for line in lines]
    return wanted[0] if len(wanted) == 1 else {"all": wanted}


def typed_lines(form: "MultiDict[str, str]") -> list[Asked]:
    """The lines of the filter as they stand in the form."""
    fields, ways, values = (form.getlist(name) for name in ("ask_field", "ask_way", "ask_value"))
    rows = zip(fields, ways, values, strict=False)
    return [Asked(field if field in ASKED else "", way, value) for field, way, value in rows]


def _condition(line: Asked) -> dict[str, Any]:
    value: Any = True if line.way == "exists" else line.value.strip()
    if line.way in ("gte", "lte"):
        number = value.replace(",", ".")
        value = float(number) if re.fullmatch(r"-?\d+(\.\d+)?", number) else value
    if line.way == "in":
        value = [part.strip() for part in value.split(",") if part.strip()]
    return {"field": line.field, line.way if line.way in WAYS else "in": value}


def lines_of(condition: Mapping[str, Any] | None) -> list[Asked] | None:
    """The lines of a kept filter; None when the page has no lines for it."""
    if not condition:
        return []
    parts = condition.get("all", [condition]) if len(condition) == 1 else [condition]
    lines = [_line(part) for part in parts]
    return None if None in lines else [line for line in lines if line]


def _line(part: Mapping[str, Any]) -> Asked | None:
    ways = [name for name in part if name != "field"]
    if part.get("field") not in ASKED or len(ways) != 1:
        return None
    [way] = ways
    value = part[way]
    if way == "exists":
        return Asked(str(part["field"]), way) if value is True else None
    if way == "eq":
        way, value = "in", [value]
    if way not in WAYS:
        return None
    told = (
        ", ".join(map(str, value))
        if isinstance(value, list)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
    return Asked(str(part["field"]), way, told)


def in_words(condition: Mapping[str, Any] | None) -> str:
    """A filter as a sentence, where the page has no lines for it."""
    return describe(parse(condition)) if condition else ""


def _headers(form: "MultiDict[str, str]") -> dict[str, str | None]:
    names, values = form.getlist("header_name"), form.getlist("header_value")
    gone = form.getlist("header_gone")
    given = {
        name.strip(): value.strip()
        for name, value in zip(names, values, strict=False)
        if name.strip() and value.strip()
    }
    return given | {name: None for name in gone if name not in given}


def answers_of(row: WebhookEndpoint) -> dict[str, Any]:
    """What the form shows of a kept receiver."""
    lines = lines_of(row.filter)
    return {
        "url": row.url,
        "types": row.types,
        "mapping": row.mapping or "",
        "lines": _padded(lines or []),
        "narrow": in_words(row.filter) if lines is None else "",
        "headers": [("", "")] * _BLANK_HEADERS,
    }


def answers_typed(form: "MultiDict[str, str]") -> dict[str, Any]:
    """What was typed, to be shown again; values of headers are not given back."""
    typed = [(name, "") for name in form.getlist("header_name") if name.strip()]
    return {
        "url": form.get("url", ""),
        "types": form.getlist("types"),
        "mapping": form.get("mapping", ""),
        "lines": _padded([line for line in typed_lines(form) if line.field or line.value]),
        "narrow": "",
        "headers": typed + [("", "")] * _BLANK_HEADERS,
    }


def answers_from(preset: Preset | None) -> dict[str, Any]:
    """An empty form, or one filled from a preset."""
    headers: Sequence[tuple[str, str]] = list(preset.headers.items()) if preset else []
    return {
        "url": preset.url if preset else "",
        "types": list(preset.types) if preset else ["lead.hot"],
        "mapping": preset.mapping if preset else "",
        "lines": _padded(lines_of(preset.filter) or [] if preset else []),
        "narrow": "",
        "headers": list(headers) + ([] if headers else [("", "")] * _BLANK_HEADERS),
    }


def _padded(lines: Sequence[Asked]) -> list[Asked]:
    return [*lines, *[Asked()] * (_BLANK_ROWS if not lines else 1)]
