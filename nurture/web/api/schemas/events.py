"""Events and their guests."""

from marshmallow import Schema, fields, validate

from nurture.store.guests import STATES
from nurture.web.api.schemas import ID_MOST, In, Moment

_TEXT = validate.Length(max=5_000)


class EventChange(In):
    """What an event is; without an end it lasts two hours."""

    name = fields.String(validate=validate.Length(1, 200))
    starts_at = Moment(format="iso")
    ends_at = Moment(format="iso", allow_none=True)
    timezone = fields.String(validate=validate.Length(max=64))
    place = fields.String(validate=_TEXT)
    link = fields.String(validate=_TEXT)
    description = fields.String(validate=_TEXT)
    capacity = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 1_000_000))


class EventIn(EventChange):
    """A new event."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    starts_at = Moment(format="iso", required=True)


class GuestCounts(Schema):
    """How many are in each state; `rating` is the average of `rated` answers."""

    registered = fields.Integer()
    attended = fields.Integer()
    no_show = fields.Integer()
    cancelled = fields.Integer()
    rated = fields.Integer()
    rating = fields.Float(allow_none=True)


class EventOut(Schema):
    """An event with how its list stands. `closed_at`: who did not come is known from then on."""

    id = fields.Integer()
    name = fields.String()
    starts_at = fields.String()
    ends_at = fields.String()
    timezone = fields.String()
    place = fields.String()
    link = fields.String()
    description = fields.String()
    capacity = fields.Integer(allow_none=True)
    guests = fields.Nested(GuestCounts)
    closed_at = fields.String(allow_none=True)
    cancelled_at = fields.String(allow_none=True)
    created_at = fields.String()
    updated_at = fields.String()


class GuestIn(In):
    """Who: `lead_id` or `email`, and what else is known of a person who is new. `beyond_capacity`: being full
    is no reason to refuse."""

    lead_id = fields.Integer(strict=True, validate=validate.Range(1, ID_MOST))
    email = fields.String(validate=validate.Length(1, 320))
    first_name = fields.String(validate=validate.Length(max=200))
    last_name = fields.String(validate=validate.Length(max=200))
    phone = fields.String(validate=validate.Length(max=60))
    company = fields.String(validate=validate.Length(max=200))
    role = fields.String(validate=validate.Length(max=200))
    language = fields.String(validate=validate.Length(max=35))
    beyond_capacity = fields.Boolean(load_default=False)


class GuestOut(Schema):
    """Somebody on the list."""

    lead_id = fields.Integer()
    name = fields.String()
    email = fields.String(allow_none=True)
    company = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(STATES))
    source = fields.String()
    registered_at = fields.String()
    came_at = fields.String(allow_none=True)
    rating = fields.Integer(allow_none=True)
    comment = fields.String()


class FeedbackIn(In):
    """What a guest thought of it."""

    rating = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    comment = fields.String(load_default="", validate=validate.Length(max=2_000))


class HowMany(Schema):
    """How many guests that concerned."""

    guests = fields.Integer()
