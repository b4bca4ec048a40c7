"""The shapes of files of past activities."""

from marshmallow import Schema, fields


class RowRefused(Schema):
    """A row that was not taken, and why."""

    line = fields.Integer()
    reason = fields.String()


class TakenFile(Schema):
    """What became of the rows; the first thousand that were refused, each with its reason."""

    read = fields.Integer()
    new = fields.Integer()
    known = fields.Integer()
    bad = fields.Integer()
    errors = fields.List(fields.Nested(RowRefused))
