"""The shapes of the company that sends, of the switches over all sending, and of the cap."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import LONG, In


class HouseOut(Schema):
    """Who sends."""

    company_name = fields.String()
    postal_address = fields.String()
    timezone = fields.String()
    sender_name = fields.String()
    sender_email = fields.String()
    reply_to = fields.String(allow_none=True)
    color = fields.String()
    language = fields.String()


class HouseChange(In):
    """What is to be changed of it."""

    company_name = fields.String(validate=LONG, metadata={"example": "Weber Pumps"})
    postal_address = fields.String(validate=LONG, metadata={"example": "Hafenweg 8, 48155 Münster"})
    timezone = fields.String(validate=LONG, metadata={"example": "Europe/Berlin"})
    sender_name = fields.String(validate=LONG, metadata={"example": "Anna Weber"})
    sender_email = fields.String(validate=LONG, metadata={"example": "anna@pumps.example"})
    reply_to = fields.String(validate=LONG, allow_none=True)
    color = fields.String(validate=LONG, metadata={"example": "#0b6b5b"})
    language = fields.String(validate=LONG, metadata={"example": "en"})


class SendingOut(Schema):
    """Whether mails go out: `live` once an administrator let them, `stopped` while somebody holds them."""

    live = fields.Boolean()
    stopped = fields.Boolean()
    stopped_at = fields.String(allow_none=True)


class CapOut(Schema):
    """At most `most` mails (null: no cap) to one lead in any `days` days; the next waits or is left out. From
    `quiet_from` until `quiet_until` of the lead's own day nobody is written to (null: no quiet hours)."""

    most = fields.Integer(allow_none=True)
    days = fields.Integer()
    over = fields.String(metadata={"enum": ["defer", "skip"]})
    quiet_from = fields.String(allow_none=True)
    quiet_until = fields.String(allow_none=True)


class CapIn(In):
    """The cap over everything."""

    most = fields.Integer(strict=True, required=True, allow_none=True, metadata={"example": 3})
    days = fields.Integer(strict=True, required=True, metadata={"example": 7})
    over = fields.String(required=True, validate=validate.OneOf(("defer", "skip")))
    quiet_from = fields.String(allow_none=True, metadata={"example": "21:00"})
    quiet_until = fields.String(allow_none=True, metadata={"example": "08:00"})


class SuppressionIn(In):
    """An address to write to no more."""

    email = fields.String(required=True, validate=LONG, metadata={"example": "anna.weber@pumps.example"})
    detail = fields.String(load_default="", validate=LONG, metadata={"example": "asked on the phone"})


class SuppressionOut(Schema):
    """An address that is not written to, known by its hash alone: `lead_id` where it was a lead's."""

    id = fields.Integer()
    reason = fields.String()
    detail = fields.String()
    lead_id = fields.Integer(allow_none=True)
    delivery_id = fields.Integer(allow_none=True)
    at = fields.String()
    lifted_at = fields.String(allow_none=True)


class BlockedDomainIn(In):
    """A domain where nobody is to be written to; an address stands for its domain."""

    domain = fields.String(required=True, validate=LONG, metadata={"example": "pumps.example"})
    detail = fields.String(load_default="", validate=LONG, metadata={"example": "asked by their lawyer"})


class BlockedDomainOut(Schema):
    """A domain where nobody is written to; what lies below it is meant too."""

    id = fields.Integer()
    domain = fields.String()
    detail = fields.String()
    at = fields.String()
    lifted_at = fields.String(allow_none=True)
