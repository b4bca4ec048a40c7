"""The target score as the API shows it."""

from marshmallow import Schema, fields


class TargetScoreOut(Schema):
    """`missing_*` are the outcomes still to come before it can be trained; `report` is of leads that the
    score had not seen: auc, top_tenth, calibration, scorecard_auc, left_out, factors."""

    won = fields.Integer()
    lost = fields.Integer()
    missing_won = fields.Integer()
    missing_lost = fields.Integer()
    state = fields.String(allow_none=True)
    active = fields.Boolean()
    trained_at = fields.String(allow_none=True)
    report = fields.Dict(allow_none=True)


class FactorOut(Schema):
    """What a column adds against the average lead; ten points double the odds."""

    column = fields.String()
    value = fields.Raw(allow_none=True)
    points = fields.Float()


class TargetOfLeadOut(Schema):
    """`chance` is from 0 to 1."""

    chance = fields.Float()
    speaks_for = fields.List(fields.Nested(FactorOut))
    speaks_against = fields.List(fields.Nested(FactorOut))
