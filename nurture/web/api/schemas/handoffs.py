"""The shapes of hand-offs and the answers of sales."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In
from nurture.web.api.schemas.leads import LeadOut


class HandoffOut(Schema):
    """A ripe lead on its way to sales."""

    id = fields.Integer()
    lead_id = fields.Integer()
    ripening_no = fields.Integer()
    cause = fields.String()
    state = fields.String()
    score = fields.Float()
    rise = fields.Float()
    reasons = fields.List(fields.Raw())
    temperature = fields.String()
    heat = fields.Float()
    grade = fields.String(allow_none=True)
    bant = fields.Dict()
    owner_id = fields.Integer(allow_none=True)
    ready_at = fields.String()
    released_at = fields.String(allow_none=True)
    accepted_at = fields.String(allow_none=True)
    contacted_at = fields.String(allow_none=True)
    closed_at = fields.String(allow_none=True)
    revised_at = fields.String(allow_none=True)


class OutcomeOut(Schema):
    """One answer of sales."""

    outcome = fields.String()
    reason = fields.String()
    amount = fields.String(allow_none=True)
    currency = fields.String(allow_none=True)
    at = fields.String(allow_none=True)
    note = fields.String()
    answered_at = fields.String()
    by = fields.String()


class HandoffWhole(HandoffOut):
    """A hand-off with its lead and every answer of sales."""

    lead = fields.Nested(LeadOut, allow_none=True)
    outcomes = fields.List(fields.Nested(OutcomeOut))


class OutcomeIn(In):
    """An answer of sales. meeting and later need `at`."""

    outcome = fields.String(
        required=True,
        validate=validate.OneOf(("accepted", "rejected", "contacted", "meeting", "later", "won", "lost")),
    )
    reason = fields.String(allow_none=True, validate=validate.Length(max=500))
    amount = fields.Raw(
        allow_none=True, metadata={"oneOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}
    )
    currency = fields.String(allow_none=True, metadata={"example": "EUR"})
    at = fields.String(allow_none=True, metadata={"format": "date-time"})
    note = fields.String(allow_none=True, validate=validate.Length(max=5_000))


class AnsweredOut(Schema):
    """Where the hand-off and its lead stand now."""

    handoff_id = fields.Integer()
    state = fields.String()
    stage = fields.String()
    new = fields.Boolean()
