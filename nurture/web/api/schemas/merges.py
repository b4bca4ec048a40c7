"""The shapes of merges of leads, and of pairs that may be one person."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import ID_MOST, In


class LeadMergeIn(In):
    """`other` becomes a part of the lead. `take` names the values that are to be the other's: email, phone,
    first_name, last_name, company, role, buying_role, language, timezone, country, city, address, owner,
    grade_override, and `fields.x`, `dates.x`, `bant.x`; where the lead says nothing they are in any case."""

    other = fields.Integer(required=True, strict=True, validate=validate.Range(1, ID_MOST))
    take = fields.List(fields.String(validate=validate.Length(1, 200)), load_default=list)


class LeadMergeOut(Schema):
    """A merge: `merged_id` means `lead_id` since `at`, until it is undone."""

    id = fields.Integer()
    lead_id = fields.Integer()
    merged_id = fields.Integer()
    at = fields.String()
    undone_at = fields.String(allow_none=True)


class TwinOut(Schema):
    """One lead of a pair."""

    id = fields.Integer()
    name = fields.String()
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    company = fields.String(allow_none=True)


class DuplicateOut(Schema):
    """Two leads that may be one, and why: phone, name_and_company, or email (a variant of one address)."""

    id = fields.Integer()
    reason = fields.String()
    found_at = fields.String()
    lead = fields.Nested(TwinOut)
    other = fields.Nested(TwinOut)


class LookedOut(Schema):
    """How many pairs wait for a decision."""

    pairs = fields.Integer()
