"""The shapes of the agreement with sales."""

from marshmallow import fields, validate

from nurture.web.api.schemas import In

_MINUTES = validate.Range(0, 10_080)
_N = str  # gettext reads this mark
_CLOCK = validate.Regexp(r"[0-9]{1,2}:[0-9]{2}\Z", error=_N("Write the time of day as 09:00."))
_ID = validate.Range(1, 2**63 - 1)


class TeamIn(In):
    """A team and its promise. Minutes count in the team's hours: weekdays `days` (0 is Monday), `opens` to
    `closes`, not on `holidays` (DE, DE-BY), in `timezone` or that of the installation. Nothing for
    `reroute_min`, `ask_days` and `return_days` means never."""

    name = fields.String(required=True, validate=validate.Length(1, 100))
    within_min = fields.Integer(load_default=10, validate=_MINUTES)
    warn_min = fields.Integer(load_default=3, validate=_MINUTES)
    reroute_min = fields.Integer(load_default=None, allow_none=True, validate=_MINUTES)
    ask_days = fields.Integer(load_default=3, allow_none=True, validate=validate.Range(1, 365))
    return_days = fields.Integer(load_default=14, allow_none=True, validate=validate.Range(1, 365))
    days = fields.List(
        fields.Integer(validate=validate.Range(0, 6)),
        load_default=[0, 1, 2, 3, 4],
        validate=validate.Length(1, 7),
    )
    opens = fields.String(load_default="09:00", validate=_CLOCK, metadata={"example": "09:00"})
    closes = fields.String(load_default="18:00", validate=_CLOCK, metadata={"example": "18:00"})
    timezone = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=60))
    holidays = fields.List(fields.String(validate=validate.Length(2, 10)), load_default=[])
    escalate_to = fields.Integer(load_default=None, allow_none=True, validate=_ID)


class TeamOut(TeamIn):
    """A team. The default one gets what no rule sends elsewhere."""

    id = fields.Integer()
    is_default = fields.Boolean()


class SellerIn(In):
    """Where a person belongs and how much they handle well (nothing: no limit)."""

    team_id = fields.Integer(required=True, validate=_ID)
    per_day = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))
    open_most = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))


class SellerOut(SellerIn):
    """A person who takes leads, with how many they hold now, and the end of an absence of today."""

    id = fields.Integer()
    name = fields.String()
    role = fields.String()
    holds = fields.Integer()
    away_until = fields.Date(allow_none=True)


class AbsenceIn(In):
    """Days on which a person gets no leads, the last included."""

    user_id = fields.Integer(required=True, validate=_ID)
    from_day = fields.Date(required=True, metadata={"example": "2026-12-21"})
    until_day = fields.Date(required=True, metadata={"example": "2027-01-03"})


class AbsenceOut(AbsenceIn):
    """An absence."""

    id = fields.Integer()


class RuleIn(In):
    """Leads that fit `condition` go to `team_id` or to `user_id`, one of them."""

    name = fields.String(required=True, validate=validate.Length(1, 100))
    condition = fields.Dict(required=True, metadata={"example": {"field": "country", "in": ["NO", "SE"]}})
    team_id = fields.Integer(load_default=None, allow_none=True, validate=_ID)
    user_id = fields.Integer(load_default=None, allow_none=True, validate=_ID)


class RuleOut(RuleIn):
    """A rule; the one with the lowest `position` that fits counts."""

    id = fields.Integer()
    position = fields.Integer()


class MoveIn(In):
    """One place up, or down."""

    up = fields.Boolean(required=True)


class FloorIn(In):
    """What holds for all teams: leads a day at most (nothing: no limit), whether a lead's owner is asked
    first, after how many days lost leads are nurtured again (nothing: never)."""

    per_day = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))
    owner_first = fields.Boolean(load_default=True)
    recycle_lost_days = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 3650))


class PassOnIn(In):
    """To whom a hand-off goes, and why."""

    to = fields.Integer(required=True, validate=_ID)
    note = fields.String(load_default="", validate=validate.Length(max=500))


class ResponseRowOut(In):
    """How soon sales calls. `in_time` of the `called` were called within the promise; medians and percentiles
    are seconds of working time from the hand-over to the first contact."""

    id = fields.Integer(allow_none=True)
    name = fields.String(allow_none=True)
    given = fields.Integer()
    called = fields.Integer()
    in_time = fields.Integer()
    late = fields.Integer()
    accepted = fields.Integer()
    median_s = fields.Float(allow_none=True)
    p90_s = fields.Float(allow_none=True)
