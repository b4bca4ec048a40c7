"""Lines of the audit log."""

from marshmallow import Schema, fields, validate

from nurture.web.api.door import PageQuery
from nurture.web.api.schemas import Moment

_WORD = validate.Length(max=200)


class AuditFilter(PageQuery):
    """Which lines: `actor` (user:7, key:3, terminal, system), `kind` (what stands before the dot of an
    action), `subject` (lead:12), from `since` on and before `until`."""

    actor = fields.String(load_default="", validate=_WORD)
    kind = fields.String(load_default="", validate=_WORD)
    subject = fields.String(load_default="", validate=_WORD)
    since = Moment(load_default=None, format="iso")
    until = Moment(load_default=None, format="iso")


class AuditOut(Schema):
    """Who did what to which thing. `detail` holds what changed as [before, after]; never secrets or
    addresses."""

    id = fields.Integer()
    at = fields.String()
    actor = fields.String()
    actor_name = fields.String()
    action = fields.String()
    subject = fields.String()
    subject_name = fields.String()
    detail = fields.Dict()
