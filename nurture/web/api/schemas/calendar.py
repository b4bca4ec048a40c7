"""The calendar as the API asks and shows it."""

from marshmallow import RAISE, Schema, fields, validate

from nurture.flows.calendar import MOST_DAYS


class CalendarQuery(Schema):
    """How many days after today."""

    class Meta:
        unknown = RAISE

    days = fields.Integer(load_default=14, validate=validate.Range(0, MOST_DAYS), metadata={"example": 14})


class CalendarOut(Schema):
    """One line of a day. `kind`: scheduled or forecast. `n` mails, the first at `first_at`; `certain` unless
    something the leads do can change which mail it is; `local`: by each reader's own clock."""

    day = fields.String()
    kind = fields.String()
    purpose = fields.String()
    first_at = fields.String()
    n = fields.Integer()
    program_id = fields.Integer(allow_none=True)
    program = fields.String(allow_none=True)
    chain_id = fields.Integer(allow_none=True)
    chain = fields.String(allow_none=True)
    step = fields.String(allow_none=True)
    mail = fields.String(allow_none=True)
    newsletter_id = fields.Integer(allow_none=True)
    newsletter = fields.String(allow_none=True)
    certain = fields.Boolean()
    local = fields.Boolean()


class CalendarPage(Schema):
    """All lines, and when the forecast among them was worked out; null for just now."""

    data = fields.List(fields.Nested(CalendarOut))
    next_cursor = fields.String(allow_none=True)
    counted_at = fields.String(allow_none=True)


class WhoQuery(Schema):
    """Which line of the day is meant."""

    class Meta:
        unknown = RAISE

    chain_id = fields.Integer(required=True, validate=validate.Range(1, 2**63 - 1), metadata={"example": 1})
    step = fields.String(required=True, validate=validate.Length(1, 200), metadata={"example": "welcome"})


class WhoOut(Schema):
    """A lead whose next mail it is, unless they act before."""

    lead_id = fields.Integer()
    name = fields.String()
    temperature = fields.String()
    step_ends_at = fields.String()
