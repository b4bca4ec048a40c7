"""What a change of a lead changed, told by the lead before and after in the shape of the API."""

from collections.abc import Mapping
from typing import Any

_PLAIN = (
    "email", "phone", "first_name", "last_name", "role", "buying_role", "language", "timezone", "country",
    "city", "address", "owner",
)  # fmt: skip
_NESTED = ("fields", "dates", "bant")


def told(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{name: [before, after]} of what differs; custom ones as fields.<name>, BANT as bant.<part>."""
    old, new = _flat(before), _flat(after)
    names = [*old, *(name for name in new if name not in old)]
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}


def _flat(lead: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {name: lead.get(name) for name in _PLAIN}
    flat["company"] = (lead.get("company") or {}).get("name")
    flat["tags"] = sorted(lead.get("tags") or ())
    for group in _NESTED:
        flat |= {f"{group}.{name}": value for name, value in (lead.get(group) or {}).items()}
    return flat
