"""/companies: what leads belong to."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from nurture.errors import NotFound
from nurture.flows import companies as flow
from nurture.rules.folding import fold
from nurture.rules.words import _
from nurture.store import company_groups, company_merges
from nurture.store.views import companies as view
from nurture.web.api import door
from nurture.web.api.plain import plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.companies import CompanyChange, CompanyCreate, CompanyWhole, CompanyWithContacts
from nurture.web.request import close_session, now, page_session, runtime

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
    session = page_session()
    rows = view.page(session, q=fold(asked["q"]), after=after, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row["id"],))
    heats = flow.worth(session, [row["heat_log2"] for row in page["data"]], now=now())
    return {**page, "data": [_shown(row, heat) for row, heat in zip(page["data"], heats, strict=True)]}


@part.route("/companies", methods=["POST"])
@part.arguments(CompanyCreate)
@part.response(201, CompanyWithContacts)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a company. Refused (409) for a name that is known."""
    with runtime().sessions.begin() as session:
        company_id = flow.create(session, said, by=door.actor(), now=now())
    return _one(company_id), 201


@part.route("/companies/<int:company_id>", methods=["GET"])
@part.response(200, CompanyWithContacts)
def one(company_id: int) -> dict[str, Any]:
    """One company with its contacts, the warmest first. Its heat is the sum of theirs. The id of one that was
    merged into another means that one."""
    return _one(company_id)


@part.route("/companies/<int:company_id>", methods=["PATCH"])
@part.arguments(CompanyChange)
@part.response(200, CompanyWithContacts)
def change(said: dict[str, Any], company_id: int) -> dict[str, Any]:
    """Change what is sent; null clears. Refused (409) for the name of another company."""
    with runtime().sessions.begin() as session:
        flow.change(session, company_id, said, by=door.actor(), now=now())
    runtime().wake("segments")
    return _one(company_id)


def _one(company_id: int) -> dict[str, Any]:
    close_session()
    session = page_session()
    found = view.one(session, company_id)
    if found is None:
        raise NotFound(_("There is no such company."))
    people = view.contacts(session, found["id"])
    heat, *each = flow.worth(session, [found["heat_log2"], *(one.heat_log2 for one in people)], now=now())
    names = ("id", "name", "email", "role", "buying_role", "temperature", "grade", "stage")
    contacts = [
        {name: getattr(one, name) for name in names}
        | {"heat": round(worth, 1), "last_touch": plain(one.last_signal_at)}
        for one, worth in zip(people, each, strict=True)
    ]
    also = [
        {"name": one.name, "merge_id": one.merge_id, "at": plain(one.at)}
        for one in company_merges.into(session, found["id"])
    ]
    groups = company_groups.ids_of(session, found["id"])
    return _shown(found, heat) | {"contacts": contacts, "also_known_as": also, "group_ids": groups}


def _shown(row: Mapping[str, Any], heat: float) -> dict[str, Any]:
    shown = {name: plain(value) for name, value in row.items() if name != "heat_log2"}
    return shown | {"heat": round(heat, 1)}
