"""The shapes of imports."""

from marshmallow import Schema, fields


class ImportOut(Schema):
    """A file of leads. `state` is staged, running, done or failed."""

    id = fields.Integer()
    filename = fields.String()
    state = fields.String()
    options = fields.Dict()
    rows_read = fields.Integer()
    rows_total = fields.Integer(allow_none=True)
    new = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    duplicates = fields.Integer()
    bad = fields.Dict(keys=fields.String(), values=fields.Integer())
    mailable = fields.Integer()
    not_mailable = fields.Dict(keys=fields.String(), values=fields.Integer())
    warnings = fields.Dict(keys=fields.String(), values=fields.Integer())
    ignored_columns = fields.List(fields.String())
    error = fields.String(allow_none=True)
    created_at = fields.String()
    finished_at = fields.String(allow_none=True)


class RowFault(Schema):
    """A row that was given back."""

    line = fields.Integer()
    reason = fields.String()
    values = fields.Dict(keys=fields.String(), values=fields.String())
