"""The shapes of files of past activities."""

from marshmallow import Schema, fields, validate

from nurture.rules.written_moments import ORDERS
from nurture.web.api.schemas import In


class HowQuery(In):
    """How moments are meant: what comes first in `dates` like 03/04/2026, where the whole column does not
    tell; the `zone` of those without one. `check` tells what would become of the file, and takes nothing.
    With `make_leads` addresses that are nobody's become leads of this `source` first, without consent."""

    dates = fields.String(load_default=None, validate=validate.OneOf(ORDERS))
    zone = fields.String(
        load_default="UTC", validate=validate.Length(1, 100), metadata={"example": "Europe/Berlin"}
    )
    check = fields.Boolean(load_default=False)
    make_leads = fields.Boolean(load_default=False)
    source = fields.String(load_default="Past activities", validate=validate.Length(1, 200))


class DateShown(Schema):
    """A date of the file, and what it was understood as."""

    line = fields.Integer()
    written = fields.String()
    at = fields.String()


class DatesUnderstood(Schema):
    """How the dates were understood: what comes first in those of two numbers (null where none depends on
    it), their zone, what they span, and one of each shape."""

    order = fields.String(allow_none=True)
    zone = fields.String()
    first = fields.String(allow_none=True)
    last = fields.String(allow_none=True)
    shown = fields.List(fields.Nested(DateShown))


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
    strangers = fields.Integer()
    leads_made = fields.Integer()
    errors = fields.List(fields.Nested(RowRefused))
    dates = fields.Nested(DatesUnderstood)
