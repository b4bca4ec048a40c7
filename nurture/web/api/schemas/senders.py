"""The shapes of senders."""

from marshmallow import Schema, fields, validate

from nurture.store.senders import USE_KINDS
from nurture.web.api.schemas import In

_NAME = validate.Length(1, 200)
_ADDRESS = validate.Length(max=254)


class SenderUseOut(Schema):
    """What has chosen a sender. A mail is called by its `key` in the program `id`."""

    kind = fields.String(metadata={"enum": list(USE_KINDS)})
    id = fields.Integer()
    name = fields.String()
    key = fields.String()


class SenderOut(Schema):
    """In whose name mails go out. The default speaks where nothing else is chosen; `verified` tells whether
    mails from its domain prove where they come from, as far as the last look into the DNS knows."""

    key = fields.String()
    name = fields.String()
    email = fields.String()
    reply_to = fields.String(allow_none=True)
    default = fields.Boolean()
    domain = fields.String()
    verified = fields.Boolean()
    used_by = fields.List(fields.Nested(SenderUseOut))
    created_at = fields.String()
    updated_at = fields.String()


class SenderIn(In):
    """A new sender. `key` never changes (left out: made of the name); `reply_to` is where answers go, if not
    to `email`."""

    key = fields.String(validate=validate.Length(1, 40), metadata={"example": "events"})
    name = fields.String(required=True, validate=_NAME, metadata={"example": "Weber events"})
    email = fields.String(required=True, validate=_ADDRESS, metadata={"example": "events@pumps.example"})
    reply_to = fields.String(allow_none=True, validate=_ADDRESS)
    default = fields.Boolean(load_default=False)


class SenderChange(In):
    """What is to be changed of it. `default: true` makes it the default; to take that from it, make another
    one the default."""

    name = fields.String(validate=_NAME, metadata={"example": "Weber events"})
    email = fields.String(validate=_ADDRESS, metadata={"example": "events@pumps.example"})
    reply_to = fields.String(allow_none=True, validate=_ADDRESS)
    default = fields.Boolean(validate=validate.OneOf((True,)))
