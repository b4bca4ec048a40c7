"""What the address of the list asks for: filter, order, columns and place, all of it, and written again."""

import math
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from nurture.store.lead_list import NEWEST, LeadQuery, Order, Place, order_of
from nurture.store.leads import STAGES
from nurture.web.admin.leads import columns

GRADES = ("A", "B", "C")
TEMPERATURES = ("cold", "warm", "hot")
TARGETS = ("80", "60", "40", "20")
_OPTIONS = {"temperature": TEMPERATURES, "grade": GRADES, "stage": STAGES}
_TEXTS = ("q", "source", "tag", "segment", "owner")
_LONGEST = 200


@dataclass(frozen=True)
class Asked:
    """`view` is the id of the saved view that was opened last, or empty."""

    query: LeadQuery
    order: Order
    columns: tuple[str, ...]
    after: Place | None = None
    view: str = ""


def of_request() -> Asked:
    """What this request's address asks for; a wrong value means "all" and never a fault."""
    return read(request.args)


def of_text(query: str) -> Asked:
    """The same from the part of an address after its question mark."""
    return read(MultiDict(parse_qsl(query)[:100]))


def read(args: MultiDict[str, str]) -> Asked:
    order = order_of(args.get("sort", NEWEST))
    said: dict[str, str | bool] = {name: _text(args, name) for name in _TEXTS}
    said |= {name: value for name, options in _OPTIONS.items() if (value := args.get(name, "")) in options}
    named = {name: value for name, value in said.items() if value}
    view = args.get("view", "")
    target = float(args["target"]) if args.get("target") in TARGETS else None
    return Asked(
        query=LeadQuery(**named, target=target, held=args.get("held") == "1"),  # type: ignore[arg-type]
        order=order,
        columns=columns.chosen(
            name for written in args.getlist("cols") for name in written[:2_000].split(",")
        ),
        after=_place(args.get("after", ""), order),
        view=view if view == "all" or (view.isascii() and view.isdigit() and len(view) < 19) else "",
    )


def pairs(asked: Asked) -> dict[str, Any]:
    """The names and values of an address that asks for this, without the place."""
    found: dict[str, Any] = {
        field.name: str(value)
        for field in fields(asked.query)
        if field.name not in ("held", "target") and (value := getattr(asked.query, field.name))
    }
    if asked.query.target is not None:
        found["target"] = f"{asked.query.target:.0f}"
    if asked.query.held:
        found["held"] = "1"
    if asked.order.written != NEWEST:
        found["sort"] = asked.order.written
    if asked.columns != columns.USUAL:
        found["cols"] = ",".join(asked.columns)
    return found | ({"view": asked.view} if asked.view else {})


def written(asked: Asked) -> str:
    """What a saved view keeps: the same address for everybody who opens it, in whatever order it came."""
    return urlencode({name: value for name, value in pairs(asked).items() if name != "view"})


def place_text(place: Place) -> str:
    """Where a page ends, as a part of an address."""
    return f"{place.key}~{place.lead_id}"


def _place(text: str, order: Order) -> Place | None:
    key, mark, number = text.rpartition("~")
    if not mark or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    if order.by == "name":
        return Place(key[:_LONGEST], int(number)) if key.isprintable() else None
    if order.by == "created":
        return Place(int(number), int(number))
    try:
        value = float(key)
    except ValueError:
        return None
    return None if math.isnan(value) else Place(value, int(number))


def _text(args: MultiDict[str, str], name: str) -> str:
    """A text without control characters, cut to a sane length."""
    value = args.get(name, "")[:_LONGEST].strip()
    return "".join(letter for letter in value if letter.isprintable())
