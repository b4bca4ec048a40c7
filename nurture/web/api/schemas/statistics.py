"""The shapes of statistics."""

from marshmallow import RAISE, Schema, fields, validate

from nurture.web.api.schemas.sent import SentOut


class StatisticsQuery(Schema):
    """The last `days` in UTC, today among them (without it all that was counted), and a `version` of the
    program by its number (without it all of them)."""

    class Meta:
        unknown = RAISE

    days = fields.Integer(load_default=None, validate=validate.Range(1, 3660), metadata={"example": 30})
    version = fields.Integer(load_default=None, validate=validate.Range(1, 10**6))


class IntervalOut(Schema):
    """A 95 % interval."""

    low = fields.Float()
    high = fields.Float()


class ComparisonOut(Schema):
    """Against another group: `difference` of the rates with its interval (Newcombe 1998, method 10),
    `relative` how much higher. `verdict` is better, worse, open (the interval holds zero) or not_enough, with
    what is still needed."""

    difference = fields.Float()
    interval = fields.Nested(IntervalOut)
    relative = fields.Float(allow_none=True)
    verdict = fields.String()
    leads_needed = fields.Integer()
    leads_needed_against = fields.Integer()
    goals_needed = fields.Integer()


class ArmOut(Schema):
    """`leads` that went this way, each once, and how many have met the goal; the interval of the rate is
    Wilson's. `against` compares it with the arm that is compared with."""

    way = fields.String()
    leads = fields.Integer()
    met = fields.Integer()
    rate = fields.Float()
    interval = fields.Nested(IntervalOut)
    against = fields.Nested(ComparisonOut, allow_none=True)


class PassageOut(Schema):
    """Runs that came and left: `entered` by where from, `left` by how. How they left, put together: went on,
    met the goal, changed over to another chain, came to the end, were moved by an edit, dropped out."""

    came = fields.Integer()
    entered = fields.Dict(keys=fields.String(), values=fields.Integer())
    left = fields.Dict(keys=fields.String(), values=fields.Integer())
    went_on = fields.Integer()
    goal = fields.Integer()
    other_chain = fields.Integer()
    end = fields.Integer()
    edited = fields.Integer()
    dropped = fields.Integer()
    moved_in = fields.Integer()
    moved_out = fields.Integer()
    median_seconds = fields.Float(allow_none=True)
    mean_seconds = fields.Float(allow_none=True)


class MailFiguresOut(SentOut):
    """Mails of a step sent in the period. Opened and clicked are by people; machines stand apart."""

    bounced = fields.Integer()
    not_sent = fields.Dict(keys=fields.String(), values=fields.Integer())


class GoalsOut(Schema):
    """Goals met in the period and their worth by currency; those of leads held out apart."""

    met = fields.Integer()
    held_out = fields.Integer()
    worth = fields.Dict(keys=fields.String(), values=fields.Float())


class StepStatisticsOut(Schema):
    """One step. `counts`, `waiting`, `not_sent` and `sentence` are over all time and versions, and now."""

    key = fields.String()
    older = fields.Boolean()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    waiting = fields.List(fields.Raw())
    not_sent = fields.List(fields.Raw())
    sentence = fields.String()
    passage = fields.Nested(PassageOut)
    mails = fields.Nested(MailFiguresOut)
    ways = fields.List(fields.Nested(ArmOut))


class ChainStatisticsOut(Schema):
    """A chain: `converted` are leads that came in, each once, and met the goal `within_days`; `lift` compares
    those treated with those held out from the same first entries."""

    chain_id = fields.Integer()
    temperature = fields.String()
    since = fields.String(allow_none=True)
    version = fields.Integer(allow_none=True)
    within_days = fields.Float()
    passage = fields.Nested(PassageOut)
    converted = fields.Nested(ArmOut)
    held_out = fields.Nested(ArmOut)
    lift = fields.Nested(ComparisonOut, allow_none=True)
    goals = fields.Nested(GoalsOut)
    steps = fields.List(fields.Nested(StepStatisticsOut))


class ProgramStatisticsOut(Schema):
    """A program: each lead once, by its first way in; its chains beside."""

    program_id = fields.Integer()
    since = fields.String(allow_none=True)
    version = fields.Integer(allow_none=True)
    within_days = fields.Float()
    converted = fields.Nested(ArmOut)
    held_out = fields.Nested(ArmOut)
    lift = fields.Nested(ComparisonOut, allow_none=True)
    goals = fields.Nested(GoalsOut)
    chains = fields.List(fields.Nested(ChainStatisticsOut))
