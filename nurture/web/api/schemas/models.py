"""Heat models as the API shows them."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import ID_MOST, In


class ModelVersionOut(Schema):
    """One version; `published_at` when it began to rate, null if it never did."""

    no = fields.Integer()
    live = fields.Boolean()
    created_at = fields.String()
    created_by = fields.String()
    published_at = fields.String(allow_none=True)


class ProgramOfModelOut(Schema):
    """A program that goes by the model."""

    id = fields.Integer()
    name = fields.String()


class ModelOut(Schema):
    """`definition` is what the live version says, as its file would; null before the first."""

    id = fields.Integer()
    key = fields.String()
    definition = fields.Dict(allow_none=True)
    versions = fields.List(fields.Nested(ModelVersionOut))
    programs = fields.List(fields.Nested(ProgramOfModelOut))


class ModelIn(In):
    """A new model, begun as a copy of the model `like` if that is said."""

    key = fields.String(required=True, validate=validate.Length(1, 63), metadata={"example": "webinars"})
    like = fields.Integer(validate=validate.Range(1, ID_MOST))


class ModelDraftIn(In):
    """What the draft says, in the form of the files of models; right or wrong. `revision` is the one it was
    begun from: 409 when somebody has changed the draft since."""

    definition = fields.Dict(required=True)
    revision = fields.Integer(validate=validate.Range(0, 2**31 - 1))


class ModelDraftOut(Schema):
    """A draft: `faults` are by place (nothing: it can rate), `doubts` say what it hardly means, such as a
    threshold that nobody can reach, `changes` say in words what differs from what rates."""

    definition = fields.Dict()
    revision = fields.Integer()
    faults = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    doubts = fields.List(fields.String())
    changes = fields.List(fields.String())


class ModelRevisionIn(In):
    """The revision that was looked at; left out, whatever stands there."""

    revision = fields.Integer(validate=validate.Range(0, 2**31 - 1))


class ModelWorkOut(Schema):
    """Work that a model made: `kind` is preview or switch; `result` is empty until it is done."""

    id = fields.Integer()
    kind = fields.String()
    state = fields.String(metadata={"enum": ["wanted", "working", "done", "failed", "dropped"]})
    done = fields.Integer()
    total = fields.Integer()
    result = fields.Dict()
    sentence = fields.String()
    asked_at = fields.String()
    ended_at = fields.String(allow_none=True)


class PublishedOut(Schema):
    """`work` brings every lead over; null where the draft said what rates already."""

    work = fields.Nested(ModelWorkOut, allow_none=True)


class ModelVersionWhole(Schema):
    """One version, and in words what it changed of the one before."""

    no = fields.Integer()
    live = fields.Boolean()
    definition = fields.Dict()
    changes = fields.List(fields.String())


class ApprovalOut(Schema):
    """A lead that is ripe by a new version alone and waits for a person."""

    id = fields.Integer()
    lead_id = fields.Integer()
    name = fields.String()
    company = fields.String(allow_none=True)
    score = fields.Float()
    temperature = fields.String()
    grade = fields.String(allow_none=True)
    reasons = fields.List(fields.Dict())
    model = fields.String()
    version = fields.Integer()
    listed_at = fields.String()
    stage = fields.String()


class DecisionIn(In):
    """Hand over, or not: those of `ids`, or everybody who waits where `ids` is left out."""

    hand_over = fields.Boolean(required=True)
    ids = fields.List(fields.Integer(validate=validate.Range(1, ID_MOST)), validate=validate.Length(1, 500))


class DecisionOut(Schema):
    """How many were handed over, how many not, and how many were not ripe any more."""

    approved = fields.Integer()
    declined = fields.Integer()
    lapsed = fields.Integer()
