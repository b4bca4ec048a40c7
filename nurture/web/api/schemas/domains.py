"""The shapes of sending domains."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In

_NAME = validate.Length(max=300)


class FindingOut(Schema):
    """One thing that was looked up: `state` is ok, warn, fail or unknown (no name server answered)."""

    what = fields.String(metadata={"enum": ["spf", "dkim", "dmarc", "mx", "ptr", "links"]})
    state = fields.String(metadata={"enum": ["ok", "warn", "fail", "unknown"]})
    sentence = fields.String()
    name = fields.String(metadata={"description": "Where in the DNS."})
    type = fields.String(metadata={"description": "The type of the record, such as TXT."})
    want = fields.String(metadata={"description": "What should stand there, empty if nothing is to be done."})
    found = fields.List(fields.String())


class DkimKeyOut(Schema):
    """A key of a domain; its private half never leaves the installation."""

    id = fields.Integer()
    selector = fields.String()
    algorithm = fields.String(metadata={"enum": ["rsa", "ed25519"]})
    state = fields.String(metadata={"enum": ["waiting", "signing", "retired"]})
    record_name = fields.String()
    record = fields.String()
    created_at = fields.String()
    signing_since = fields.String(allow_none=True)
    published_until = fields.String(allow_none=True)


class DomainOut(Schema):
    """A domain that mails come from."""

    id = fields.Integer()
    name = fields.String()
    verified = fields.Boolean()
    servers = fields.List(fields.String())
    link_host = fields.String(allow_none=True)
    links_lead_here = fields.Boolean()
    keys = fields.List(fields.Nested(DkimKeyOut))
    findings = fields.List(fields.Nested(FindingOut))
    checked_at = fields.String(allow_none=True)
    created_at = fields.String()


class DomainIn(In):
    """A domain to send from."""

    name = fields.String(required=True, validate=_NAME, metadata={"example": "news.example.com"})


class DomainChange(In):
    """Who sends for it, and by which name its links go."""

    servers = fields.List(fields.String(validate=_NAME), validate=validate.Length(max=50))
    link_host = fields.String(allow_none=True, validate=_NAME)


class DkimKeyIn(In):
    """A key to make, or with `private_key` (PEM) one to import."""

    algorithm = fields.String(validate=validate.OneOf(("rsa", "ed25519")), load_default="rsa")
    selector = fields.String(validate=validate.Length(max=100), load_default="")
    private_key = fields.String(validate=validate.Length(max=20_000), load_default="", load_only=True)
