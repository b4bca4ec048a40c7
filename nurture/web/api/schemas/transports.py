"""The shapes of transports and of the pace of sending."""

from marshmallow import Schema, fields, validate

from nurture.flows.standing import STATES
from nurture.rules.transports import KINDS
from nurture.store.transports import CHOOSERS
from nurture.web.api.schemas import ID_MOST, In

_NAME = validate.Length(max=80)
_SOME = validate.Range(min=1, max=1_000_000_000)
_ID = validate.Range(1, ID_MOST)
_RATE = validate.Range(min=0, min_inclusive=False, max=1_000_000_000)


class LimitsOut(Schema):
    """At most so many mails in any second, hour and day; null: no limit."""

    per_second = fields.Float(allow_none=True)
    per_hour = fields.Integer(allow_none=True)
    per_day = fields.Integer(allow_none=True)


class TallyOut(Schema):
    """What became of the mails of the last hour."""

    accepted = fields.Integer()
    put_off = fields.Integer()
    refused = fields.Integer()
    lost = fields.Integer()


class TransportOut(Schema):
    """A way out. Number 0 is the mail server of the settings. The secret is never told."""

    id = fields.Integer()
    key = fields.String()
    name = fields.String()
    kind = fields.String(metadata={"enum": list(KINDS)})
    settings = fields.Dict(keys=fields.String(), values=fields.Raw())
    limits = fields.Nested(LimitsOut)
    left_this_hour = fields.Integer(allow_none=True)
    left_today = fields.Integer(allow_none=True)
    connections = fields.Integer(allow_none=True)
    fallback_id = fields.Integer(allow_none=True)
    default = fields.Boolean()
    state = fields.String(metadata={"enum": list(STATES)})
    sentence = fields.String(metadata={"description": "What is wrong, empty while it works."})
    last_hour = fields.Nested(TallyOut)
    chosen_by = fields.Integer()


class TransportIn(In):
    """A transport. `settings` by kind: smtp {host, port, tls, user, verify}, ses {region, access_key,
    configuration_set}, mailgun {domain, region}, postmark {stream}, sendgrid {region}; each service also
    `endpoint`. `secret` is the password or key; without it the present one stays."""

    name = fields.String(required=True, validate=_NAME)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    settings = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=dict)
    secret = fields.String(validate=validate.Length(max=2000), load_only=True, load_default=None)
    per_second = fields.Float(allow_none=True, validate=_RATE, load_default=None)
    per_hour = fields.Integer(allow_none=True, validate=_SOME, load_default=None)
    per_day = fields.Integer(allow_none=True, validate=_SOME, load_default=None)
    connections = fields.Integer(validate=validate.Range(min=1, max=50), load_default=4)
    fallback_id = fields.Integer(allow_none=True, load_default=None, validate=_ID)
    default = fields.Boolean(load_default=False)


class TransportTested(Schema):
    """Whether it could be reached and signed in to; nothing was sent."""

    works = fields.Boolean()
    sentence = fields.String()


class ChoiceIn(In):
    """The mails of this program, mail or newsletter take that transport; null: the default."""

    kind = fields.String(required=True, validate=validate.OneOf(CHOOSERS))
    id = fields.Integer(required=True, validate=validate.Range(min=1))
    transport_id = fields.Integer(required=True, allow_none=True, validate=_ID)


class ReceiverLimitIn(In):
    """A limit for a recipient domain or a provider; without a number it is lifted."""

    kind = fields.String(required=True, validate=validate.OneOf(("domain", "provider")))
    name = fields.String(required=True, validate=validate.Length(max=253))
    per_second = fields.Float(allow_none=True, validate=_RATE, load_default=None)
    per_hour = fields.Integer(allow_none=True, validate=_SOME, load_default=None)
    per_day = fields.Integer(allow_none=True, validate=_SOME, load_default=None)


class WarmUpIn(In):
    """A schedule for a transport (its key) or a sending domain. `days`: the mails of each day, or one
    number to
    reach; empty ends it."""

    kind = fields.String(required=True, validate=validate.OneOf(("transport", "domain")))
    name = fields.String(required=True, validate=validate.Length(max=253))
    days = fields.List(fields.Integer(validate=_SOME), required=True, validate=validate.Length(max=120))
    started_on = fields.Date(allow_none=True, load_default=None)


class ReceiverLimitOut(LimitsOut):
    kind = fields.String(metadata={"enum": ["domain", "provider"]})
    name = fields.String()


class SlowedOut(Schema):
    """A provider that asked for less: mails a second now, and what it may rise to."""

    provider = fields.String()
    rate = fields.Float()
    ceiling = fields.Float()
    since = fields.String()
    reply = fields.String()


class WarmUpOut(Schema):
    kind = fields.String(metadata={"enum": ["transport", "domain"]})
    name = fields.String()
    day = fields.Integer()
    days = fields.Integer()
    most_today = fields.Integer(allow_none=True)
    left_today = fields.Integer(allow_none=True)
    over_on = fields.String()


class PausedSenderOut(Schema):
    domain = fields.String()
    since = fields.String()
    reply = fields.String()


class PaceOut(Schema):
    """How fast mails go out: limits by receiver, who asked for less, warm-ups, paused sending domains,
    how many
    mails wait and when the last of them goes out, as far as that can be told."""

    limits = fields.List(fields.Nested(ReceiverLimitOut))
    slowed = fields.List(fields.Nested(SlowedOut))
    warm_ups = fields.List(fields.Nested(WarmUpOut))
    paused_senders = fields.List(fields.Nested(PausedSenderOut))
    waiting = fields.Integer(metadata={"description": "Mails that wait, at most 100,000 are counted."})
    estimated_end = fields.String(allow_none=True)
