"""/leads/{id}/touches: calls, meetings, business cards, requests to be contacted and notes."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from nurture.flows.touch import LONGEST_NOTE, Touch, add_touch
from nurture.rules.touches import KINDS
from nurture.web.api import door
from nurture.web.api.schemas import In, Moment
from nurture.web.request import now, runtime

part = door.Part("touches", "Touches outside of mails, entered by hand.")


class QuickTouchIn(In):
    """A call, a meeting, a missed meeting, a business card, a note, or a request: they ask to be contacted,
    and are handed over at once. `direction`: in (they came to us) or out."""

    kind = fields.String(required=True, validate=validate.OneOf(sorted({what for what, _way in KINDS})))
    direction = fields.String(load_default="in", validate=validate.OneOf(("in", "out")))
    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_NOTE))
    at = Moment(format="iso", load_default=None)


class QuickTouchOut(Schema):
    """The signal that it became."""

    id = fields.String()
    lead_id = fields.Integer()


@part.route("/leads/<int:lead_id>/touches", methods=["POST"])
@part.arguments(QuickTouchIn)
@part.response(201, QuickTouchOut)
def add(said: dict[str, Any], lead_id: int) -> ResponseReturnValue:
    """Enter a touch."""
    touch = Touch(said["kind"], said["direction"], said["note"].strip(), said["at"])
    with runtime().sessions.begin() as session:
        signal_id = add_touch(session, lead_id, touch, by=door.actor(), now=now())
    runtime().wake("signals")
    return {"id": str(signal_id), "lead_id": lead_id}, 201
