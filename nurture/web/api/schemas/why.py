"""The shapes of the answers to why."""

from marshmallow import RAISE, Schema, fields, validate


class Asked(Schema):
    """Which mail: a `step` of a `chain` (an id or program/temperature; without it the chain the lead stands
    in), or a `newsletter`."""

    class Meta:
        unknown = RAISE

    chain = fields.String(load_default=None, validate=validate.Length(1, 200))
    step = fields.String(load_default=None, validate=validate.Length(1, 200))
    newsletter = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))


class WhyOut(Schema):
    """One answer. `state` is sent, done, not_yet or no; `consent_id` the entry of the consent ledger that
    the mail rested on, or that stood against it then; `version` the older version of the program on which
    the lead finishes, null for the published one."""

    lead_id = fields.Integer()
    chain_id = fields.Integer(allow_none=True)
    program = fields.String(allow_none=True)
    chain = fields.String(allow_none=True)
    version = fields.Integer(allow_none=True)
    step = fields.String(allow_none=True)
    newsletter_id = fields.Integer()
    state = fields.String()
    reason = fields.String()
    at = fields.String(allow_none=True)
    detail = fields.Dict(keys=fields.String(), values=fields.String())
    sentence = fields.String()
    delivery_id = fields.Integer(allow_none=True)
    consent_id = fields.Integer(allow_none=True)
    data = fields.List(fields.Raw())
