"""The shapes of deliveries."""

from marshmallow import Schema, fields


class DeliveryOut(Schema):
    """One mail to one lead. `consent_id` is the entry of the consent ledger that it rests on, or by which it
    was refused or called off; the mail of a form names the one that it asks to confirm. Other mails that
    need no consent have none."""

    id = fields.Integer()
    lead_id = fields.Integer(allow_none=True)
    purpose = fields.String()
    program_id = fields.Integer(allow_none=True)
    chain_id = fields.Integer(allow_none=True)
    step_key = fields.String(allow_none=True)
    newsletter_id = fields.Integer(allow_none=True)
    state = fields.String()
    reason = fields.String()
    consent_purpose = fields.String(allow_none=True)
    consent_id = fields.Integer(allow_none=True)
    due_at = fields.String(allow_none=True)
    created_at = fields.String(allow_none=True)
    sent_at = fields.String(allow_none=True)
    settled_at = fields.String(allow_none=True)
    opened_at = fields.String(allow_none=True)
    clicked_at = fields.String(allow_none=True)
    bounced_at = fields.String(allow_none=True)
    complained_at = fields.String(allow_none=True)
    in_doubt_at = fields.String(allow_none=True)


class DeliveryWhole(DeliveryOut):
    """A delivery with what was sent, every try, every hit and what came back about it."""

    mail = fields.String()
    mail_version = fields.Integer()
    subject = fields.String()
    attempts = fields.List(fields.Raw())
    hits = fields.List(fields.Raw())
    reports = fields.List(fields.Raw())


class HeaderOut(Schema):
    """One header field, decoded."""

    name = fields.String()
    value = fields.String()


class MailAsSent(Schema):
    """A mail as its reader has it."""

    subject = fields.String()
    headers = fields.List(fields.Nested(HeaderOut))
    text = fields.String()
    html = fields.String()
