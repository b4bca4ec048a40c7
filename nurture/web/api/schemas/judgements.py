"""Readiness and potential as the API shows them, and what a person decides by hand."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In, Moment


class GradeIn(In):
    """The grade that holds whatever the scorecard says, with its reason; null gives it back."""

    grade = fields.String(required=True, allow_none=True, validate=validate.OneOf(("A", "B", "C")))
    reason = fields.String(load_default="", validate=validate.Length(max=500))


class FutureIn(In):
    """When the lead comes back; null: its time is now."""

    at = Moment(required=True, allow_none=True, metadata={"format": "date-time"})


class WhatIfQuery(In):
    """The threshold in question, 1 to 100."""

    rise = fields.Integer(required=True, validate=validate.Range(1, 100))


class PastOut(Schema):
    """Past hand-offs whose score reached the threshold, how many of them sales has answered and what it said,
    and of how many in all."""

    handed = fields.Integer()
    answered = fields.Integer()
    accepted = fields.Integer()
    won = fields.Integer()
    handed_of = fields.Integer()
    won_of = fields.Integer()
    lowest = fields.Integer(allow_none=True)


class RipeOut(Schema):
    lead_id = fields.Integer()
    name = fields.String()
    score = fields.Float()


class WhatIfOut(Schema):
    """Who would be handed over today from this threshold on, the ripest of them, and the past."""

    rise = fields.Integer()
    leads = fields.Integer()
    ripest = fields.List(fields.Nested(RipeOut))
    past = fields.Nested(PastOut)


class NearlyOut(Schema):
    """A lead that is about to become ready: what it lacks and where points could come from, in words."""

    lead_id = fields.Integer()
    name = fields.String()
    company = fields.String(allow_none=True)
    score = fields.Float()
    temperature = fields.String()
    grade = fields.String(allow_none=True)
    grade_reason = fields.String(allow_none=True)
    lacks = fields.List(fields.String())
    could_come = fields.List(fields.String())


class ComingBackOut(Schema):
    """A lead whose time is later."""

    lead_id = fields.Integer()
    name = fields.String()
    company = fields.String(allow_none=True)
    temperature = fields.String()
    grade = fields.String(allow_none=True)
    grade_reason = fields.String(allow_none=True)
    future_at = fields.String()


class CameBackOut(Schema):
    lead_id = fields.Integer()
    name = fields.String()
    company = fields.String(allow_none=True)
    temperature = fields.String()
    grade = fields.String(allow_none=True)
    grade_reason = fields.String(allow_none=True)
    stage = fields.String()
    at = fields.String()


class LaterOut(Schema):
    """Who comes back when, and `came_back`: whose date has come in the last two weeks, the latest first."""

    data = fields.List(fields.Nested(ComingBackOut))
    came_back = fields.List(fields.Nested(CameBackOut))


class QualityOut(Schema):
    """How many leads have a grade (null for none) and a temperature."""

    grade = fields.String(allow_none=True)
    temperature = fields.String()
    leads = fields.Integer()


class TraitOut(Schema):
    """What customers share: shares are of 1, `lift` how many times more often than all leads."""

    field = fields.String()
    value = fields.String()
    won = fields.Integer()
    leads = fields.Integer()
    won_share = fields.Float()
    share = fields.Float()
    lift = fields.Float()
    points = fields.Integer()


class PotentialOut(Schema):
    """Quality as grade by temperature, and the portrait of the ideal customer."""

    leads = fields.Integer()
    won = fields.Integer()
    quality = fields.List(fields.Nested(QualityOut))
    portrait = fields.List(fields.Nested(TraitOut))
