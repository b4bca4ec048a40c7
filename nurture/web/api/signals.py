"""/signals: what leads do elsewhere."""

from typing import Any
from uuid import UUID

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError, fields

from nurture.errors import Invalid, NotFound
from nurture.flows.take_back import take_back_one
from nurture.flows.take_signals import MOST, take_signals
from nurture.rules.words import _
from nurture.web.api import door
from nurture.web.api.problems import flat
from nurture.web.api.schemas.leads import SignalIn
from nurture.web.request import now, runtime

part = door.Part("signals", "Activities of leads, reported by other programs.")


class TakenOut(Schema):
    """What became of a signal. Not `new` where the same key was there before: `id` is then the signal that
    was reported first, which stays as it is."""

    id = fields.String()
    lead_id = fields.Integer()
    new = fields.Boolean()


class TakenAll(Schema):
    """What became of many, in their order."""

    data = fields.List(fields.Nested(TakenOut))
    new = fields.Integer()


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "example": {
                    "email": "anna.weber@pumps.example",
                    "kind": "event_attended",
                    "occurred_at": "2026-03-03T10:00:00Z",
                    "key": "badge-1",
                    "data": {"event": "Stock round table"},
                },
                "schema": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/SignalIn"},
                        {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST,
                            "items": {"$ref": "#/components/schemas/SignalIn"},
                        },
                    ]
                },
            }
        },
    }
}


@part.route("/signals", methods=["POST"])
@part.doc(**_BODY)
@part.response(201, TakenAll, description="For one signal, its id, lead_id and new at the top.")
def take() -> ResponseReturnValue:
    """Take in one activity, or up to 1,000 in a list: all or none."""
    body = request.get_json(silent=True)
    many = isinstance(body, list)
    said = _read(body if isinstance(body, list) else [body], many=many)
    try:
        with runtime().sessions.begin() as session:
            taken = take_signals(session, said, source="api", now=now())
    except Invalid as refusal:
        raise refusal if many else _of_one(refusal) from refusal
    runtime().wake("signals")
    found = [{"id": str(one.id), "lead_id": one.lead_id, "new": one.new} for one in taken]
    answer = {"data": found, "new": sum(1 for one in found if one["new"])} if many else found[0]
    return jsonify(answer), 201


@part.route("/signals/<signal_id>", methods=["DELETE"])
@part.response(204)
def take_back(signal_id: str) -> None:
    """Take back what was reported or entered by mistake: it counts no more, and stays in the timeline."""
    with runtime().sessions.begin() as session:
        take_back_one(session, _uuid(signal_id), by=door.actor(), now=now())


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as fault:
        raise NotFound(_("There is no such signal.")) from fault


def _read(body: list[Any], *, many: bool) -> list[dict[str, Any]]:
    if not 1 <= len(body) <= MOST:
        raise Invalid(_("Send one signal, or a list of 1 to 1,000."))
    try:
        said: list[dict[str, Any]] = SignalIn(many=True).load(body)
    except ValidationError as fault:
        raise _refusal(flat(fault.messages), many=many) from fault
    for number, one in enumerate(said):
        if ("email" in one) == ("lead_id" in one):
            raise _refusal({f"{number}.email": [_("Say either email or lead_id.")]}, many=many)
    return said


def _refusal(errors: dict[str, list[str]], *, many: bool) -> Invalid:
    refusal = Invalid(_("Some signals cannot be taken; none was."), errors)
    return refusal if many else Invalid(_("The signal cannot be taken."), _unnumbered(errors))


def _of_one(refusal: Invalid) -> Invalid | NotFound:
    errors = _unnumbered(refusal.errors)
    if "email" in errors or "lead_id" in errors:
        return NotFound(_("There is no such lead."))
    return Invalid(_("The signal cannot be taken."), errors)


def _unnumbered(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name.partition(".")[2] or name: sentences for name, sentences in errors.items()}
