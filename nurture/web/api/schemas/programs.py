"""The shapes of programs and chains."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import ID_MOST, LONG, In


class ProgramOut(Schema):
    """A program; `inside` counts leads by the temperature of their chain."""

    id = fields.Integer()
    key = fields.String()
    name = fields.String()
    state = fields.String()
    live_version = fields.Integer(allow_none=True)
    draft_version = fields.Integer(allow_none=True)
    inside = fields.Dict(keys=fields.String(), values=fields.Integer())


class ProgramBrought(Schema):
    """A program of another tool, taken in as a draft, and what could not be carried over."""

    program_id = fields.Integer()
    key = fields.String()
    left_out = fields.List(fields.String())


class ProgramsBrought(Schema):
    """All programs of one file."""

    programs = fields.List(fields.Nested(ProgramBrought))


class ChainOut(Schema):
    """The chain of one temperature, each step with its counts."""

    id = fields.Integer()
    program_id = fields.Integer()
    temperature = fields.String()
    paused = fields.Boolean()
    inside = fields.Integer()
    steps = fields.List(fields.Raw())


class EnrolledLead(Schema):
    """What became of one lead. `reason`: inside (it stands in the program), held (held back from all
    programs), held_out (it came in, without mails, to compare with)."""

    lead_id = fields.Integer()
    entered = fields.Boolean()
    reason = fields.String(allow_none=True)


class EnrolledOut(Schema):
    """How many came in, and each lead in the order given."""

    entered = fields.Integer()
    data = fields.List(fields.Nested(EnrolledLead))


class ProgramWhole(Schema):
    """A program with its chains and the definition that is live (or the draft before the first)."""

    id = fields.Integer()
    key = fields.String()
    name = fields.String()
    state = fields.String()
    version = fields.Integer()
    draft_version = fields.Integer(allow_none=True)
    published_at = fields.String(allow_none=True)
    definition = fields.Raw()
    chains = fields.List(fields.Nested(ChainOut))


class HeldIn(In):
    """Whether those held take their step after all."""

    go_on = fields.Boolean(required=True)


class EnrollIn(In):
    """Who begins in the chain: ids or addresses of leads, together at most a thousand; at `step` if named."""

    lead_ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, ID_MOST)), load_default=list
    )
    emails = fields.List(fields.String(validate=LONG), load_default=list)
    step = fields.String(validate=LONG, allow_none=True, load_default=None)


class HeldOut(Schema):
    """How many were decided about."""

    decided = fields.Integer()
