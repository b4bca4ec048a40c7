"""The mail connection, test addresses and tests of mails as the API speaks of them."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import ID_MOST, LONG, In


class StepOut(Schema):
    """One step of a trial; `ok` is null for one that was not needed."""

    name = fields.String()
    ok = fields.Boolean(allow_none=True)
    sentence = fields.String()


class TrialOut(Schema):
    """The steps up to the one that fails: name, connection, tls, login, mail."""

    works = fields.Boolean()
    steps = fields.List(fields.Nested(StepOut))


class TrialIn(In):
    """Whom a mail would go to; nothing is sent."""

    email = fields.String(required=True, validate=LONG)


class TestAddresses(In):
    """Whom programs and newsletters write to before going live, beside the users."""

    emails = fields.List(fields.String(validate=LONG), required=True, validate=validate.Length(max=200))


class MailOut(Schema):
    """A mail of a program and the subject of its newest version."""

    id = fields.Integer()
    key = fields.String()
    name = fields.String()
    subject = fields.String()
    program_id = fields.Integer()
    program = fields.String()


class MailTestIn(In):
    """Where the test goes, and as which lead sees it."""

    email = fields.String(required=True, validate=LONG)
    lead_id = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, ID_MOST))


class MailTestOfVersion(MailTestIn):
    """Where the test goes, as which lead sees it, and whether as it is drafted now or as in the newest
    version."""

    version = fields.String(load_default="draft", validate=validate.OneOf(("draft", "newest")))


class DraftTestIn(MailTestIn):
    """Which mail of the draft, by its key and language, goes where, and as which lead sees it."""

    mail = fields.String(required=True, validate=validate.Length(1, 63))
    language = fields.String(load_default="", validate=validate.Length(max=12))


class MailTestOut(Schema):
    """The delivery under which its way is seen."""

    delivery_id = fields.Integer()
