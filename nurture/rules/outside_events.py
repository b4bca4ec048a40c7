"""What other programs tell in the words of the Segment specification, in ours: traits of a person become
answers of a lead, events and pages become kinds of signals."""

from collections.abc import Mapping
from typing import Any

from nurture.rules import signal_kinds
from nurture.rules.lead_answers import MOST_CUSTOM

VISITED = "visited"
# The longest name of anybody or anything in the specification.
MOST_OF_A_NAME = 255
# Events of its catalogue that we know by another name; whatever else comes keeps its own.
_KNOWN = {
    "product_viewed": "viewed_product",
    "viewed_product": "viewed_product",
    "file_downloaded": "downloaded",
    "document_downloaded": "downloaded",
    "form_submitted": "form_submitted",
    "signed_up": "subscribed",
    "newsletter_subscribed": "subscribed",
    "meeting_requested": "meeting_requested",
    "demo_requested": "meeting_requested",
    "meeting_booked": "meeting_booked",
    "pricing_viewed": "offer_viewed",
    "offer_viewed": "offer_viewed",
    "event_registered": "event_registered",
    "event_attended": "event_attended",
    "page_viewed": VISITED,
}
_TRAITS = {
    "email": "email",
    "firstName": "first_name",
    "first_name": "first_name",
    "lastName": "last_name",
    "last_name": "last_name",
    "phone": "phone",
    "title": "role",
    "position": "role",
    "role": "role",
    "language": "language",
    "locale": "language",
    "timezone": "timezone",
}
_NOT_KEPT = frozenset({"name", "company", "address", "id", "createdAt", "created_at", "avatar", "age"})


def kind_of(event: str) -> str | None:
    """The kind of signal an event is; None when its name has no letter to begin with."""
    words = signal_kinds.joined(event)
    return _KNOWN.get(words, words) if signal_kinds.is_kind(words) else None


def answers_of(traits: Mapping[str, Any]) -> dict[str, Any]:
    """The answers about a lead, by the names of the API. Simple traits that we have no name for go into
    its own fields; nothing is cleared."""
    said: dict[str, Any] = {}
    for name, value in traits.items():
        if name in _TRAITS and isinstance(value, str) and value.strip():
            said.setdefault(_TRAITS[name], value.strip())
    said |= _name(traits, said) | _company(traits) | _place(traits)
    own = {
        _own_name(name): value
        for name, value in traits.items()
        if name not in _TRAITS and name not in _NOT_KEPT and isinstance(value, str | int | float | bool)
    }
    kept = dict(list(own.items())[:MOST_CUSTOM])
    return said | ({"fields": kept} if kept else {})


def _name(traits: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, str]:
    whole = traits.get("name")
    if not isinstance(whole, str) or "first_name" in said or "last_name" in said:
        return {}
    first, _space, last = whole.strip().partition(" ")
    return {key: value for key, value in (("first_name", first), ("last_name", last.strip())) if value}


def _company(traits: Mapping[str, Any]) -> dict[str, Any]:
    company = traits.get("company")
    if isinstance(company, str) and company.strip():
        return {"company": company.strip()}
    if not isinstance(company, Mapping):
        return {}
    found = {name: value for name, value in _about(company).items() if name in ("name", "industry", "size")}
    return {"company": found} if "name" in found else {}


def company_of(traits: Mapping[str, Any]) -> dict[str, Any]:
    """What the traits of a group say of a company, by the names of the API."""
    website = {"website": traits["website"]} if isinstance(traits.get("website"), str) else {}
    return _about(traits) | website | _place(traits)


def group_of(traits: Mapping[str, Any]) -> str | None:
    """The groupId of the company among the traits of a person: `company.id`."""
    company = traits.get("company")
    number = company.get("id") if isinstance(company, Mapping) else None
    named = isinstance(number, str | int) and not isinstance(number, bool)
    return str(number).strip()[:MOST_OF_A_NAME] or None if named else None


def _about(traits: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("name", "industry"):
        if isinstance(traits.get(name), str) and traits[name].strip():
            found[name] = traits[name].strip()
    size = traits.get("employee_count", traits.get("employees"))
    if isinstance(size, int) and not isinstance(size, bool) and size > 0:
        found["size"] = size
    return found


def _place(traits: Mapping[str, Any]) -> dict[str, str]:
    address = traits.get("address")
    if not isinstance(address, Mapping):
        return {}
    found = {name: address[name] for name in ("city", "country") if isinstance(address.get(name), str)}
    if len(found.get("country", "xx")) != 2:
        found.pop("country")
    return found


def _own_name(name: str) -> str:
    return signal_kinds.joined(name) or "trait"
