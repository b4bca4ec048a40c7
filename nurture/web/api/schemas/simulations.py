"""Simulations as the API takes and shows them."""

from marshmallow import Schema, fields, validate

from nurture.rules.simulation.settings import BASE, DRAFT, HISTORY, INVENTED, LIVE, STATED
from nurture.web.api.schemas import ID_MOST, In


class SimulationIn(In):
    """What may be set; everything has a default. `version` draft or live, `against` the other one; `people`
    base (of one `segment`, if named) or invented, who come over `over_days`; `rates` from the program's own
    history or as stated, in per cent of the mails sent; `per_day` what sales takes (null: all); `zones`,
    `sizes`, `sources` as "name share, name share"."""

    version = fields.String(validate=validate.OneOf((DRAFT, LIVE)), metadata={"example": "draft"})
    against = fields.String(validate=validate.OneOf(("", DRAFT, LIVE)), metadata={"example": ""})
    people = fields.String(validate=validate.OneOf((BASE, INVENTED)), metadata={"example": "invented"})
    leads = fields.Integer(metadata={"example": 500})
    segment = fields.String()
    over_days = fields.Integer(metadata={"example": 0})
    cold = fields.Float(metadata={"example": 80})
    warm = fields.Float(metadata={"example": 16})
    hot = fields.Float(metadata={"example": 4})
    zones = fields.String(metadata={"example": "Europe/Berlin 100"})
    sizes = fields.String(metadata={"example": "8 30, 60 50, 300 20"})
    sources = fields.String(metadata={"example": ""})
    rates = fields.String(validate=validate.OneOf((HISTORY, STATED)), metadata={"example": "history"})
    opened = fields.Float(metadata={"example": 35})
    clicked = fields.Float(metadata={"example": 6})
    replied = fields.Float(metadata={"example": 1})
    asked = fields.Float(metadata={"example": 0.2})
    unsubscribed = fields.Float(metadata={"example": 0.3})
    uneven = fields.Float(metadata={"example": 1})
    per_day = fields.Integer(allow_none=True, metadata={"example": 3})
    accepts = fields.Float(metadata={"example": 70})
    meets = fields.Float(metadata={"example": 50})
    days = fields.Integer(metadata={"example": 90})
    runs = fields.Integer(metadata={"example": 5})
    seed = fields.Integer(metadata={"example": 1})


class PathIn(In):
    """A test run: every mail of the path, at once, to one test address. `version` draft or live, `chain` to
    begin in; whether the lead `opens` and `clicks` chooses the branches; `lead_id` whom the mails are made
    for (null: an invented lead)."""

    email = fields.String(required=True, metadata={"example": "mira@kessler-ohm.example"})
    version = fields.String(load_default=DRAFT, validate=validate.OneOf((DRAFT, LIVE)))
    chain = fields.String(load_default="cold", validate=validate.OneOf(("cold", "warm", "hot")))
    opens = fields.Boolean(load_default=True)
    clicks = fields.Boolean(load_default=False)
    lead_id = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, ID_MOST))


class PathMailOut(Schema):
    """A mail of the path, and the day on which it would go out, the first being 1."""

    chain = fields.String()
    step = fields.String()
    mail = fields.String()
    day = fields.Integer()


class PathOut(Schema):
    """What was queued, in its order."""

    mails = fields.List(fields.Nested(PathMailOut))


class SimulationOut(Schema):
    """A simulation. `state`: waiting, running, done or failed (`error` says why); `progress` from 0 to 1;
    `result` by side (`a`, and `b` where two versions are compared), null until it is done; in a list it is
    left out."""

    id = fields.Integer()
    program_id = fields.Integer()
    state = fields.String()
    progress = fields.Float()
    settings = fields.Dict()
    result = fields.Dict(allow_none=True)
    error = fields.String(allow_none=True)
    seconds = fields.Float(allow_none=True)
    created_at = fields.String()
    url = fields.String()
