"""What is asked of files that leave the house."""

from marshmallow import RAISE, Schema, fields, validate

from nurture.store.lead_list import NEWEST, SORTS
from nurture.web.api.schemas import STAGES


class LeadFilter(Schema):
    """What a list of leads is narrowed to."""

    q = fields.String(load_default="", validate=validate.Length(max=200))
    temperature = fields.String(load_default=None, validate=validate.OneOf(("cold", "warm", "hot")))
    grade = fields.String(load_default=None, validate=validate.OneOf(("A", "B", "C")))
    stage = fields.String(load_default=None, validate=validate.OneOf(STAGES))
    source = fields.String(load_default=None, validate=validate.Length(max=200))
    tag = fields.String(load_default=None, validate=validate.Length(max=100))
    segment = fields.String(load_default=None, validate=validate.Length(max=64))
    target = fields.Float(
        load_default=None,
        validate=validate.Range(0, 100),
        metadata={"description": "The least percent that the target score gives."},
    )
    owner = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={"description": "The id or the e-mail address of a user, or nobody."},
    )
    held = fields.Boolean(load_default=False)
    sort = fields.String(
        load_default=NEWEST, validate=validate.OneOf([sign + name for name in SORTS for sign in ("", "-")])
    )


class ExportFilter(LeadFilter):
    """The same and which columns the file has beside name and address."""

    class Meta:
        unknown = RAISE

    columns = fields.String(
        load_default="",
        validate=validate.Length(max=2_000),
        metadata={
            "description": "Names of columns with commas between: company, role, stage, temperature, heat,"
            " grade, readiness, target, source, owner, tags, touches, last_signal, created, phone, city,"
            " country, language, and fields.<key>. Unknown ones are left out.",
            "example": "company,stage,readiness",
        },
    )
