"""/hits: who was behind an open or a click, when a person of ours knows better."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from nurture.errors import NotFound
from nurture.flows.overrule import overrule_hit
from nurture.rules.robots import VERDICTS
from nurture.rules.words import _
from nurture.web.api import door
from nurture.web.api.schemas import In
from nurture.web.request import now, runtime

part = door.Part("hits", "Opens and clicks, and who was behind them.")


class VerdictIn(In):
    """Who it was, and how we know."""

    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    reason = fields.String(load_default="overruled", validate=validate.Length(1, 300))


class VerdictOut(Schema):
    """Whether it was judged otherwise before."""

    verdict = fields.String()
    changed = fields.Boolean()


@part.route("/hits/<hit_id>/verdict", methods=["POST"])
@part.arguments(VerdictIn)
@part.response(200, VerdictOut)
def overrule(said: dict[str, Any], hit_id: str) -> dict[str, Any]:
    """Overrule the verdict on one hit: what rested on it is taken back, or counts after all."""
    number = _uuid(hit_id)
    with runtime().sessions.begin() as session:
        changed = overrule_hit(session, number, said["verdict"], said["reason"], by=door.actor(), now=now())
    runtime().wake("signals")
    return {"verdict": said["verdict"], "changed": changed}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as fault:
        raise NotFound(_("There is no such hit.")) from fault
