"""The shapes of receivers of webhooks and of what they were told."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import LONG, In

_FILTER = {"field": "data.grade", "in": ["A", "B"]}


class EndpointIn(In):
    """A receiver of webhooks. No types means all. `filter` is a condition on `type` and `data.…` of a
    message; only those for which it holds are posted ({} takes a filter away)."""

    url = fields.String(required=True, validate=LONG, metadata={"example": "https://crm.example.com/hooks"})
    types = fields.List(fields.String(), load_default=list, validate=validate.Length(max=50))
    filter = fields.Dict(load_default=None, allow_none=True, metadata={"example": _FILTER})


class EndpointChange(In):
    """What is to be changed at a receiver."""

    url = fields.String(validate=LONG)
    types = fields.List(fields.String(), validate=validate.Length(max=50))
    filter = fields.Dict(metadata={"example": _FILTER})
    disabled = fields.Boolean()


class EndpointOut(Schema):
    """A receiver of webhooks."""

    id = fields.Integer()
    url = fields.String()
    types = fields.List(fields.String())
    created_at = fields.String()
    disabled_at = fields.String(allow_none=True)
    disabled_reason = fields.String()
    failing_since = fields.String(allow_none=True)
    last_success_at = fields.String(allow_none=True)
    filter = fields.Dict(allow_none=True)
    verify_key = fields.String(allow_none=True)


class EndpointMade(EndpointOut):
    """A new receiver; its secret is shown this once."""

    secret = fields.String()


class MessageOut(Schema):
    """A webhook message; `id` is the webhook-id of every attempt."""

    id = fields.String()
    type = fields.String()
    lead_id = fields.Integer(allow_none=True)
    created_at = fields.String()
    delivered = fields.Integer()
    waiting = fields.Integer()
    failed = fields.Integer()


class MessageWhole(Schema):
    """A message with its body, and every attempt to post it to each receiver."""

    id = fields.String()
    type = fields.String()
    lead_id = fields.Integer(allow_none=True)
    created_at = fields.String()
    body = fields.Raw()
    posts = fields.List(fields.Raw())
