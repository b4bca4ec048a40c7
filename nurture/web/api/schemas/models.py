"""Heat models as the API shows them."""

from marshmallow import Schema, fields


class ModelVersionOut(Schema):
    """One version; `published_at` when it began to rate, null if it never did."""

    no = fields.Integer()
    live = fields.Boolean()
    created_at = fields.String()
    created_by = fields.String()
    published_at = fields.String(allow_none=True)


class ProgramOfModelOut(Schema):
    """A program that goes by the model."""

    id = fields.Integer()
    name = fields.String()


class ModelOut(Schema):
    """`definition` is what the live version says, as its file would; null before the first."""

    id = fields.Integer()
    key = fields.String()
    definition = fields.Dict(allow_none=True)
    versions = fields.List(fields.Nested(ModelVersionOut))
    programs = fields.List(fields.Nested(ProgramOfModelOut))
