"""The shapes of receivers of webhooks and of what they were told."""

import json
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from nurture.rules.messages import TYPES
from nurture.web.api.schemas import LONG, In, Moment

_FILTER = {"field": "data.grade", "in": ["A", "B"]}
_HEADERS = {"Authorization": "Bearer …"}
_MAPPING = {"email": "{{ data.lead.email }}", "heat": "{{ data.heat }}"}


class Mapped(fields.Field[str]):
    """A mapping as it is or as a text of JSON; kept as a text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False, indent=2)
        raise ValidationError("A mapping is an object or a list.")


class EndpointIn(In):
    """A receiver of webhooks. No types means all. `filter` is a condition on `type` and `data.…` of a
    message; only those for which it holds are posted ({} takes a filter away). `mapping` gives the body
    another shape ("" takes it away). `headers` go with every post; their values are sealed and never shown
    (null takes one away)."""

    url = fields.String(required=True, validate=LONG, metadata={"example": "https://crm.example.com/hooks"})
    types = fields.List(fields.String(), load_default=list, validate=validate.Length(max=50))
    filter = fields.Dict(load_default=None, allow_none=True, metadata={"example": _FILTER})
    mapping = Mapped(load_default=None, allow_none=True, metadata={"type": "object", "example": _MAPPING})
    headers = fields.Dict(
        keys=fields.String(),
        values=fields.String(allow_none=True),
        load_default=dict,
        metadata={"example": _HEADERS},
    )


class EndpointChange(In):
    """What is to be changed at a receiver."""

    url = fields.String(validate=LONG)
    types = fields.List(fields.String(), validate=validate.Length(max=50))
    filter = fields.Dict(metadata={"example": _FILTER})
    mapping = Mapped(metadata={"type": "object", "example": _MAPPING})
    headers = fields.Dict(
        keys=fields.String(), values=fields.String(allow_none=True), metadata={"example": _HEADERS}
    )
    disabled = fields.Boolean()


class EndpointOut(Schema):
    """A receiver of webhooks. `headers` names those of its own, `secrets` tells how many sign now."""

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
    verify_key_before = fields.String(allow_none=True)
    secrets = fields.Integer()
    mapping = fields.Raw(allow_none=True)
    headers = fields.List(fields.String())


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


class MappingTried(In):
    """A mapping to look at, and the type whose example it is filled with."""

    mapping = Mapped(required=True, metadata={"type": "object", "example": _MAPPING})
    type = fields.String(load_default="lead.hot", validate=validate.OneOf(TYPES))


class MappingMade(Schema):
    """The body that would go out."""

    sent = fields.Raw()


class PresetOut(Schema):
    """A known program: where it describes what it takes, whether a retry may make a second entry, and the
    `filter` without which it would refuse a message ({}: none)."""

    key = fields.String()
    name = fields.String()
    url = fields.String()
    document = fields.String()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    types = fields.List(fields.String())
    again = fields.Boolean()
    filter = fields.Raw()
    mapping = fields.Raw()


class SecretOut(Schema):
    """A new secret, shown this once; the one before signs too until the next change."""

    secret = fields.String()


class VerifyKeyOut(Schema):
    """The public part of the pair, `whpk_…`."""

    verify_key = fields.String()


class RangeIn(In):
    """Which messages go out again: written from `from` to before `to`, of `types` (none: all), to one
    endpoint or all."""

    since = Moment(required=True, data_key="from", metadata={"format": "date-time"})
    until = Moment(required=True, data_key="to", metadata={"format": "date-time"})
    endpoint_id = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2**63 - 1))
    types = fields.List(fields.String(validate=validate.OneOf(TYPES)), load_default=list)
    delivered_too = fields.Boolean(load_default=False)

    @post_load
    def as_range(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Types as the flow takes them."""
        return {**data, "types": tuple(data["types"])}


class TypeOut(Schema):
    """A type of message: when it is written, the JSON Schema (2020-12) of a whole body, and an example."""

    type = fields.String()
    when = fields.String()
    schema = fields.Dict()
    example = fields.Dict()


class TestOut(Schema):
    """The test message; its attempts are seen under its id."""

    message_id = fields.String()


class ReplayOut(Schema):
    """To how many receivers it goes again."""

    posts = fields.Integer()
