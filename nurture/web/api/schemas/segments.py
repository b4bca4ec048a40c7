"""The shapes of segments."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In


class SegmentIn(In):
    """A named condition. The key is made from the name unless given, and stays."""

    key = fields.String(validate=validate.Length(1, 64))
    name = fields.String(required=True, validate=validate.Length(1, 200))
    description = fields.String(validate=validate.Length(max=2_000))
    condition = fields.Dict(
        required=True, metadata={"example": {"all": [{"temperature": "warm"}, {"tag": "fair"}]}}
    )


class SegmentChange(In):
    """What is to be changed."""

    name = fields.String(validate=validate.Length(1, 200))
    description = fields.String(validate=validate.Length(max=2_000))
    condition = fields.Dict()


class SegmentOut(Schema):
    """A segment. `size` is null until its members have been told for the first time."""

    id = fields.Integer()
    key = fields.String()
    name = fields.String()
    description = fields.String()
    condition = fields.Dict()
    size = fields.Integer(allow_none=True)
    refreshed_at = fields.String(allow_none=True)
    created_at = fields.String()
    updated_at = fields.String()


class UseOut(Schema):
    """A program, a newsletter or another segment that asks for it."""

    kind = fields.String()
    id = fields.Integer()
    key = fields.String()
    name = fields.String()


class SegmentWhole(SegmentOut):
    """A segment with its condition in words and the places that ask for it."""

    sentence = fields.String()
    used_by = fields.List(fields.Nested(UseOut))


class PreviewIn(In):
    """A condition to be counted; nothing is kept."""

    condition = fields.Dict(required=True)


class PreviewOut(Schema):
    """How many leads it holds for now, the newest of them, and the condition in words."""

    size = fields.Integer()
    lead_ids = fields.List(fields.Integer())
    sentence = fields.String()
