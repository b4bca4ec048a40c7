"""The shapes of newsletters."""

from marshmallow import fields, validate

from nurture.web.api.schemas import In, Moment
from nurture.web.api.schemas.sent import SentOut


class NewsletterIn(In):
    """What a newsletter says and to whom. `audience` is a condition, {} for everybody who agreed to
    `purpose`; `segment` is short for the condition {segment: …}; `hours` a window as in a program; `sender`
    the key of the sender in whose name it goes out, null for the default."""

    name = fields.String(validate=validate.Length(1, 200))
    subject = fields.String(validate=validate.Length(max=500))
    preheader = fields.String(validate=validate.Length(max=500))
    body = fields.String()
    format = fields.String(validate=validate.OneOf(("md", "mjml", "html")))
    language = fields.String(validate=validate.Length(2, 20))
    purpose = fields.String(validate=validate.Length(1, 100))
    audience = fields.Dict()
    segment = fields.String(validate=validate.Length(1, 200))
    hours = fields.Dict()
    over = fields.String(validate=validate.OneOf(("defer", "skip")))
    priority = fields.Integer(validate=validate.Range(-100, 100))
    while_with_sales = fields.String(validate=validate.OneOf(("pause", "go_on")))
    sender = fields.String(allow_none=True, validate=validate.Length(1, 40), metadata={"example": "events"})


class NewsletterMade(NewsletterIn):
    """A new newsletter needs a name."""

    name = fields.String(required=True, validate=validate.Length(1, 200))


class ScheduleIn(In):
    """When: nothing for now, `at` an instant, or `local_at` a local time in each reader's own zone."""

    at = Moment(metadata={"format": "date-time"})
    local_at = fields.String(validate=validate.Length(max=40), metadata={"example": "2026-03-05T10:00"})


class TestIn(In):
    """To whom."""

    email = fields.Email(required=True)


class NewsletterOut(NewsletterIn):
    """A newsletter. `state` is draft, scheduled, sending, paused, sent or cancelled."""

    id = fields.Integer()
    state = fields.String()
    mode = fields.String()
    starts_at = fields.String(allow_none=True)
    local_at = fields.String(allow_none=True)
    size = fields.Integer(allow_none=True)
    created_at = fields.String()
    started_at = fields.String(allow_none=True)
    finished_at = fields.String(allow_none=True)


class FiguresOut(SentOut):
    """What became of its mails. Opened and clicked are by people, each mail once; machines stand apart."""

    cancelled = fields.Integer()


class NewsletterLine(NewsletterOut):
    """A newsletter in the list, with what became of it."""

    figures = fields.Nested(FiguresOut)


class NewsletterStats(NewsletterLine):
    """How far it has come; `rate` in mails a second, `ends_at` the estimated end."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    waiting = fields.List(fields.Raw())
    rate = fields.Float()
    left = fields.Integer(allow_none=True)
    ends_at = fields.String(allow_none=True)
