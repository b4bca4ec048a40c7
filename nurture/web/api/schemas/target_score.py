"""The target score as the API shows it."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In

_NAMES = fields.List(fields.String(validate=validate.Length(1, 200)), validate=validate.Length(max=200))


class TrainIn(In):
    """Columns to use though they look too good to be true, or were left out by hand, and columns not to use.
    What was said before holds on."""

    use = _NAMES
    leave_out = _NAMES


class TargetScoreOut(Schema):
    """`missing_*` are the outcomes still to come before it can be trained, `sentence` says so; `report` is of
    leads that the score had not seen: auc and its give_or_take, useful, top_tenth, base, calibration,
    scorecard_auc; what it learnt: columns, alone (what each reaches by itself), says_nothing, factors; and
    which columns are to be decided on: asked (column, why, figure, value, auc_without), left_out (column,
    why, figure, beside, auc_with), used_all_the_same, auc_plain (the AUC that those are held against),
    auc_without_asked."""

    won = fields.Integer()
    lost = fields.Integer()
    missing_won = fields.Integer()
    missing_lost = fields.Integer()
    sentence = fields.String(allow_none=True)
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
