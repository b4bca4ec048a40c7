"""Demo data as the API shows it."""

from marshmallow import Schema, fields


class DemoOut(Schema):
    """`state`: none, wanted, making, there, failed, unwanted, removing; `done` of `total` days are lived."""

    state = fields.String()
    done = fields.Integer()
    total = fields.Integer()
    sentence = fields.String()
    began_at = fields.String(allow_none=True)
    ended_at = fields.String(allow_none=True)
