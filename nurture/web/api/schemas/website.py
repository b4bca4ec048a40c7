"""Websites that report visits, rules over their pages, and the visits that came last."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In


class SiteIn(In):
    """The host of a website, or any address of it; hosts below it are included."""

    host = fields.String(required=True, validate=validate.Length(1, 300))


class StrangersIn(In):
    """How long what somebody did whom nobody knows is kept: visits of a browser, and messages about a userId
    that was never identified."""

    strangers_kept_days = fields.Integer(required=True, strict=True, validate=validate.Range(1, 395))


class SiteOut(Schema):
    """A website that may report."""

    id = fields.Integer()
    host = fields.String()
    created_at = fields.String()


class VisitRuleIn(In):
    """Looks at pages whose path meets the pattern (`*` stands for anything) are signals of this kind."""

    pattern = fields.String(required=True, validate=validate.Length(1, 300))
    kind = fields.String(required=True, validate=validate.Length(1, 64))


class VisitRuleOut(VisitRuleIn):
    """A rule; the oldest that fits holds."""

    id = fields.Integer()
    created_at = fields.String()


class VisitOut(Schema):
    """A visit; `lead_id` where we know who it was."""

    at = fields.String()
    site = fields.String()
    path = fields.String()
    title = fields.String()
    kind = fields.String()
    verdict = fields.String()
    lead_id = fields.Integer(allow_none=True)


class WebsiteOut(Schema):
    """Everything that is set up, and the latest visits, newest first."""

    script = fields.String()
    sites = fields.List(fields.Nested(SiteOut))
    rules = fields.List(fields.Nested(VisitRuleOut))
    strangers_kept_days = fields.Integer()
    latest = fields.List(fields.Nested(VisitOut))
