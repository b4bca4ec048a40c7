"""What became of mails, counted."""

from marshmallow import Schema, fields


class SentOut(Schema):
    """How many mails went out and what people did with them, each mail once; machines stand apart."""

    sent = fields.Integer()
    opened = fields.Integer()
    clicked = fields.Integer()
    machine_opened = fields.Integer()
    machine_clicked = fields.Integer()
    failed = fields.Integer()
    skipped = fields.Integer()
