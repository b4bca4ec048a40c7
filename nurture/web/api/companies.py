"""/companies: what leads belong to."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from nurture.errors import NotFound
from nurture.rules.folding import fold
from nurture.rules.words import _
from nurture.store.views import companies as view
from nurture.web.api import door
from nurture.web.api.plain import plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.house import CompanyWhole
from nurture.web.request import page_session

part = door.Part("companies", "Companies that leads belong to.")


class Search(door.PageQuery):
    """A part of the name."""

    q = fields.String(load_default="", validate=validate.Length(max=200))


@part.route("/companies", methods=["GET"])
@part.arguments(Search, location="query")
@part.response(200, ListOf(CompanyWhole))
def list_companies(asked: dict[str, Any]) -> dict[str, Any]:
    """Companies, in the order they were made."""
    place = door.place_of(asked["cursor"], (door.whole,))
    after = place[0] if place else 0
    rows = view.page(page_session(), q=fold(asked["q"]), after=after, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row["id"],))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/companies/<int:company_id>", methods=["GET"])
@part.response(200, CompanyWhole)
def one(company_id: int) -> dict[str, Any]:
    """One company."""
    found = view.one(page_session(), company_id)
    if found is None:
        raise NotFound(_("There is no such company."))
    return _shown(found)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}
