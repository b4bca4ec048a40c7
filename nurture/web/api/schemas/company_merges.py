"""The shapes of merges of companies."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import ID_MOST, In

_ID = validate.Range(1, ID_MOST)


class OtherCompany(In):
    """The company that would become a part."""

    other = fields.Integer(required=True, validate=_ID)


class CompanyMergeIn(In):
    """`other` becomes a part of the company. `take` names the values that are to be the other's: name, size,
    industry, website, country, city and `fields.x`; where the company says nothing they are in any case."""

    other = fields.Integer(required=True, strict=True, validate=_ID)
    take = fields.List(fields.String(validate=validate.Length(1, 200)), load_default=list)


class CompanyMergeOut(Schema):
    """A merge: `merged_id` means `company_id` since `at`, until it is undone. So many `contacts` went
    over."""

    id = fields.Integer()
    company_id = fields.Integer()
    merged_id = fields.Integer()
    contacts = fields.Integer()
    at = fields.String()
    undone_at = fields.String(allow_none=True)


class CompanySide(Schema):
    """One of two companies, and what hangs on it: contacts, also by grade, touches in both directions."""

    id = fields.Integer()
    name = fields.String()
    size = fields.Integer(allow_none=True)
    industry = fields.String(allow_none=True)
    website = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    temperature = fields.String()
    heat = fields.Float()
    contacts = fields.Integer()
    touches = fields.Integer()
    grades = fields.Dict(keys=fields.String(), values=fields.Integer())
    last_touch = fields.String(allow_none=True)


class CompanyMergePreview(Schema):
    """Two companies side by side, and how warm they would be together."""

    company = fields.Nested(CompanySide)
    other = fields.Nested(CompanySide)
    heat = fields.Float()
    temperature = fields.String()
