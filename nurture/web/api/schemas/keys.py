"""The shapes of keys of the API."""

from marshmallow import Schema, fields, validate

from nurture.flows.keys import MOST_DAYS
from nurture.web.api.schemas import In


class KeyIn(In):
    """A new key."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    role = fields.String(required=True, validate=validate.OneOf(("admin", "marketer", "sales", "viewer")))
    days = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, MOST_DAYS),
        metadata={"description": "It ends after so many days; without, when it is revoked."},
    )


class KeyOut(Schema):
    """A key of a program; its secret is not kept."""

    id = fields.Integer()
    name = fields.String()
    role = fields.String()
    prefix = fields.String()
    created_at = fields.String()
    last_used_at = fields.String(allow_none=True)
    revoked_at = fields.String(allow_none=True)
    expires_at = fields.String(allow_none=True)


class KeyMade(KeyOut):
    """A new key; `key` is shown this once."""

    key = fields.String()
