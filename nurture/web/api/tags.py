"""/tags and /fields: words and fields over all leads, and what asks for them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows import custom_fields as field_flow
from nurture.flows import naming
from nurture.flows import tags as flow
from nurture.store import custom_fields, lead_figures
from nurture.store.custom_fields import CustomField
from nurture.store.definitions import Definition
from nurture.web.api import door
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.people import (
    FieldChange,
    FieldIn,
    FieldOut,
    MovedOut,
    TagNamed,
    TagOut,
    TagRename,
)
from nurture.web.request import now, page_session, runtime

part = door.Part("tags", "Tags and fields of your own, over all leads.")


@part.route("/tags", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(TagOut))
def list_tags(asked: dict[str, Any]) -> dict[str, Any]:
    """Every tag that a lead has, by name."""
    place = door.place_of(asked["cursor"], (str,))
    session = page_session()
    counted = lead_figures.read(session, "tag").of
    after = place[0] if place else ""
    rows = [name for name in sorted(counted) if name > after][: asked["limit"] + 1]
    uses = naming.uses(session, "tag", rows)
    page = door.cut(rows, asked["limit"], lambda name: (name,))
    data = [
        {"name": name, "leads": counted[name].get("leads", 0), "used_by": _places(uses[name])}
        for name in page["data"]
    ]
    return {**page, "data": data}


@part.route("/tags/rename", methods=["POST"])
@part.arguments(TagRename)
@part.response(200, MovedOut)
def rename(said: dict[str, Any]) -> dict[str, Any]:
    """Rename a tag for everybody, or merge it into another. Refused (409) while a rule asks for it."""
    with runtime().sessions.begin() as session:
        changed = flow.rename(session, said["name"], said["to"], by=door.actor(), now=now())
    runtime().wake("segments")
    return {"leads": changed}


@part.route("/tags/remove", methods=["POST"])
@part.arguments(TagNamed)
@part.response(200, MovedOut)
def remove(said: dict[str, Any]) -> dict[str, Any]:
    """Take a tag off everybody. Refused (409) while a rule asks for it."""
    with runtime().sessions.begin() as session:
        leads = len(flow.remove(session, said["name"], by=door.actor(), now=now()).lead_ids)
    runtime().wake("segments")
    return {"leads": leads}


@part.route("/fields", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(FieldOut))
def list_fields(asked: dict[str, Any]) -> dict[str, Any]:
    """Fields of your own, by key."""
    place = door.place_of(asked["cursor"], (str,))
    session = page_session()
    every = sorted(custom_fields.every(session), key=lambda field: field.key)
    rows = [field for field in every if field.key > (place[0] if place else "")][: asked["limit"] + 1]
    uses = naming.uses(session, "field", [field.key for field in rows])
    page = door.cut(rows, asked["limit"], lambda field: (field.key,))
    return {**page, "data": [_field(field, uses[field.key]) for field in page["data"]]}


@part.route("/fields", methods=["POST"])
@part.arguments(FieldIn)
@part.response(201, FieldOut)
def create_field(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a field. Refused (409) for a name that is taken."""
    label = said.pop("label")
    with runtime().sessions.begin() as session:
        made = field_flow.create(session, label, **said, by=door.actor(), now=now())
        session.flush()
        return _field(made, []), 201


@part.route("/fields/<field>", methods=["PATCH"])
@part.arguments(FieldChange)
@part.response(200, FieldOut)
def change_field(said: dict[str, Any], field: str) -> dict[str, Any]:
    """Other words for people, another kind of value."""
    with runtime().sessions.begin() as session:
        changed = field_flow.change(session, field, **said, by=door.actor(), now=now())
        return _field(changed, naming.used_by(session, "field", field))


@part.route("/fields/<field>", methods=["DELETE"])
@part.response(204)
def remove_field(field: str) -> None:
    """Take the field and its values away. Refused (409) while a rule or a mail asks for it."""
    with runtime().sessions.begin() as session:
        field_flow.remove(session, field, by=door.actor(), now=now())
    runtime().wake("segments")


def _field(field: CustomField, uses: Sequence[Definition]) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": field.label,
        "kind": field.kind,
        "choices": list(field.choices),
        "used_by": _places(uses),
    }


def _places(uses: Sequence[Definition]) -> list[dict[str, Any]]:
    return [{name: value for name, value in asdict(one).items() if name != "spec"} for one in uses]
