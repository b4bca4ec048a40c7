"""Companies and whom we know there."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In

_SIZE = validate.Range(1, 9_999_999)


class CompanyChange(In):
    """What is known of a company; null clears."""

    name = fields.String(validate=validate.Length(1, 200))
    size = fields.Integer(allow_none=True, strict=True, validate=_SIZE)
    industry = fields.String(allow_none=True, validate=validate.Length(max=200))
    website = fields.String(allow_none=True, validate=validate.Length(max=300))
    country = fields.String(allow_none=True, validate=validate.Length(max=2))
    city = fields.String(allow_none=True, validate=validate.Length(max=200))


class CompanyCreate(CompanyChange):
    """A company that no lead has brought along."""

    name = fields.String(required=True, validate=validate.Length(1, 200))


class CompanyWhole(Schema):
    """A company, how warm it is, and how many leads belong to it."""

    id = fields.Integer()
    name = fields.String()
    size = fields.Integer(allow_none=True)
    industry = fields.String(allow_none=True)
    website = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    fields_ = fields.Dict(data_key="fields", attribute="fields")
    leads = fields.Integer()
    heat = fields.Float()
    temperature = fields.String()
    temperature_since = fields.String(allow_none=True)
    created_at = fields.String()
    updated_at = fields.String()


class ContactOut(Schema):
    """Somebody at a company, with what they add to its heat."""

    id = fields.Integer()
    name = fields.String()
    email = fields.String(allow_none=True)
    role = fields.String(allow_none=True)
    buying_role = fields.String(allow_none=True)
    temperature = fields.String()
    heat = fields.Float()
    grade = fields.String(allow_none=True)
    stage = fields.String()
    last_touch = fields.String(allow_none=True)


class NameOut(Schema):
    """A name that a company bore before it was merged into this one."""

    name = fields.String()
    merge_id = fields.Integer()
    at = fields.String()


class CompanyWithContacts(CompanyWhole):
    """A company with whom we know there, the warmest first; `group_ids` are what other programs call it."""

    contacts = fields.List(fields.Nested(ContactOut))
    also_known_as = fields.List(fields.Nested(NameOut))
    group_ids = fields.List(fields.String())
