"""The shapes of what a salesperson does beside the answer."""

from marshmallow import fields, validate

from nurture.flows.work_handoffs import ANSWERS, PARTS
from nurture.web.api.schemas import LONG, In


class BantIn(In):
    """One answer of BANT."""

    part = fields.String(required=True, validate=validate.OneOf(PARTS))
    answer = fields.String(required=True, validate=validate.OneOf(ANSWERS))


class NoteIn(In):
    """A note of at most 5,000 characters."""

    note = fields.String(required=True, validate=validate.Length(max=5_000))


class NeverIn(In):
    """Who wants no mails any more."""

    whom = fields.String(load_default="person", validate=validate.OneOf(("person", "domain")))


class IntoChainIn(In):
    """A chain of a live program, written as program/chain or program/chain/step."""

    place = fields.String(required=True, validate=LONG, metadata={"example": "consulting/cold"})
