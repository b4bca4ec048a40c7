"""The shape of the overview."""

from marshmallow import RAISE, Schema, fields, validate

_MOST_DAYS = 92


class OverviewQuery(Schema):
    """How many days back."""

    class Meta:
        unknown = RAISE

    days = fields.Integer(load_default=1, validate=validate.Range(1, _MOST_DAYS), metadata={"example": 7})


class HappenedOut(Schema):
    """Counts since then. `opened` are of `sent`, by people; `accepted` are of `handed_over`, by sales."""

    leads = fields.Integer()
    warmed = fields.Integer()
    turned_hot = fields.Integer()
    handed_over = fields.Integer()
    accepted = fields.Integer()
    sent = fields.Integer()
    opened = fields.Integer()
    left = fields.Integer()


class GoalsMetOut(Schema):
    """Goals of programs that were met, and what they are worth by currency, as far as programs say."""

    met = fields.Integer()
    worth = fields.Dict(keys=fields.String(), values=fields.Float())


class WaitingOut(Schema):
    """What needs a person. `transports`: why mails cannot go out, a sentence each."""

    handoffs_unanswered = fields.Integer()
    oldest_unanswered = fields.String(allow_none=True)
    uncertain = fields.Integer()
    failed = fields.Integer()
    endpoints_disabled = fields.Integer()
    endpoints_failing = fields.Integer()
    posts_given_up = fields.Integer()
    transports = fields.List(fields.String())
    drafts = fields.List(fields.Raw())


class OverviewOut(Schema):
    """What happened since `since`, what waits for a person, and how many leads stand in each stage."""

    since = fields.String()
    happened = fields.Nested(HappenedOut)
    goals = fields.Nested(GoalsMetOut)
    waiting = fields.Nested(WaitingOut)
    funnel = fields.Dict(keys=fields.String(), values=fields.Integer())
