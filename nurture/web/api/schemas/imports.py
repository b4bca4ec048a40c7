"""The shapes of imports."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In


class ShownDayOut(Schema):
    """A date as it stands in a line of the file, and the day it is understood as."""

    line = fields.Integer()
    written = fields.String()
    day = fields.String()


class ImportOut(Schema):
    """A file of leads. `state` is draft, checking, staged, running, done or failed."""

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
    outcomes = fields.Dict(keys=fields.String(), values=fields.Integer())
    dates = fields.List(fields.Nested(ShownDayOut))
    error = fields.String(allow_none=True)
    created_at = fields.String()
    finished_at = fields.String(allow_none=True)


class RowFault(Schema):
    """A row that was given back."""

    line = fields.Integer()
    reason = fields.String()
    values = fields.Dict(keys=fields.String(), values=fields.String())


class ColumnOut(Schema):
    """A column of the file: what its name says it holds (ignore for nothing), and its first values."""

    name = fields.String()
    answer = fields.String()
    sample = fields.List(fields.String())


class DraftOut(Schema):
    """The file as it was brought."""

    draft = fields.Nested(ImportOut)
    columns = fields.List(fields.Nested(ColumnOut))


class DraftChoice(In):
    """What is to be done with the file. `do`: keep the choices, check (try, nothing is changed) or begin."""

    mapping = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    source = fields.String(required=True, validate=validate.Length(1, 200))
    consent = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=100))
    wording = fields.String(load_default="", validate=validate.Length(max=2_000))
    on_error = fields.String(load_default="skip", validate=validate.OneOf(("skip", "stop")))
    enter = fields.Boolean(load_default=True)
    start = fields.String(load_default="", validate=validate.Length(max=200))
    spread_days = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 365))
    others = fields.String(load_default="ignore", validate=validate.OneOf(("ignore", "keep")))
    dates = fields.String(load_default="", validate=validate.OneOf(("", "day_first", "month_first")))
    do = fields.String(load_default="keep", validate=validate.OneOf(("keep", "check", "begin")))
