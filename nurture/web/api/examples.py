"""Examples of requests and answers, made from the description itself: what it says as an example, a default
or a choice is taken, the rest gets a value of its type. Pure."""

from collections.abc import Mapping
from typing import Any

_DEEPEST = 5
_BY_FORMAT = {
    "date-time": "2026-03-03T10:00:00Z",
    "date": "2026-03-03",
    "email": "anna.weber@pumps.example",
    "uuid": "0196b7a0-0000-7000-8000-000000000000",
    "uri": "https://crm.example.com/hooks",
    "url": "https://crm.example.com/hooks",
}
_BY_ENDING = {
    "buying_role": "decision maker",
    "timezone_source": "phone",
    "_at": "2026-03-03T10:00:00Z",
    "day": "2026-03-03",
    "email": "anna.weber@pumps.example",
    "url": "https://crm.example.com/hooks",
    "first_name": "Anna",
    "last_name": "Weber",
    "name": "Weber Pumps",
    "actor": "user:1",
    "next_cursor": None,
    "language": "en",
    "timezone": "Europe/Berlin",
    "company": "Weber Pumps",
    "role": "Head of operations",
    "phone": "+49 30 1234567",
    "city": "Hamburg",
    "country": "DE",
    "address": "Speicherstraße 14, 20457 Hamburg",
    "source": "Trade fair Hannover",
    "owner": "mira@kessler-ohm.example",
    "reason": "no budget this year",
    "note": "Wants a date in May.",
    "temperature": "warm",
    "grade": "B",
    "stage": "lead",
    "subject": "What nine months of stock cost",
}
_BY_TYPE: Mapping[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "string": "…", "null": None}


def example(schema: Mapping[str, Any], shapes: Mapping[str, Any], name: str = "", deep: int = 0) -> Any:
    """A value that fits `schema`; `shapes` are the schemas that references lead to."""
    if "$ref" in schema:
        found = shapes.get(str(schema["$ref"]).rpartition("/")[2], {})
        return example(found, shapes, name, deep + 1) if deep < _DEEPEST else {}
    for key in ("example", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if choices := [one for one in schema.get("enum", ()) if one is not None]:
        return choices[0]
    for key in ("oneOf", "anyOf", "allOf"):
        if schema.get(key):
            return example(schema[key][0], shapes, name, deep)
    return _of_type(schema, shapes, name, deep)


def of_body(content: Mapping[str, Any], shapes: Mapping[str, Any]) -> Any:
    """The example of a body by its kinds; None where none of them is JSON."""
    if "application/json" not in content:
        return None
    media = content["application/json"]
    return media["example"] if "example" in media else example(media.get("schema", {}), shapes)


def _of_type(schema: Mapping[str, Any], shapes: Mapping[str, Any], name: str, deep: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
    if kind == "array":
        inner = example(schema.get("items", {}), shapes, name, deep + 1)
        return [inner] if deep < _DEEPEST else []
    if kind == "object":
        known = schema.get("properties", {})
        return {key: example(inner, shapes, key, deep + 1) for key, inner in known.items()}
    if kind == "string":
        by_name = next((value for end, value in _BY_ENDING.items() if name.endswith(end)), "…")
        return _BY_FORMAT.get(schema.get("format", ""), by_name)
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 0), _BY_TYPE[kind])
    return _BY_TYPE.get(kind)
