"""The shapes of leads, their touches and their signals."""

from marshmallow import Schema, ValidationError, fields, validate

from nurture.rules.signal_kinds import LONGEST, is_kind
from nurture.rules.words import _
from nurture.web.api.schemas import ID_MOST, LONG, STAGES, Answer, In, Moment, words


class LeadIn(In):
    """A lead as it is sent. Absent names change nothing."""

    id = fields.Integer(strict=True, validate=validate.Range(1, ID_MOST))
    email = words(metadata={"example": "anna.weber@pumps.example"})
    first_name = words()
    last_name = words()
    phone = words(metadata={"example": "+49 30 1234567"})
    company = fields.Raw(
        allow_none=True,
        metadata={
            "description": "The name, or an object with name, size, industry, website, country and city.",
            "oneOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}],
        },
    )
    role = words()
    buying_role = words()
    language = words(metadata={"example": "de"})
    timezone = words(metadata={"example": "Europe/Berlin"})
    country = words(metadata={"example": "DE"})
    city = words()
    address = words()
    stage = fields.String(validate=validate.OneOf(STAGES))
    source = words(metadata={"description": "The name of the source; made if there is none of this name."})
    owner = words(metadata={"description": "The e-mail address of a user."})
    tags = fields.List(fields.String(validate=validate.Length(max=100)), validate=validate.Length(max=200))
    fields_ = fields.Dict(keys=fields.String(), data_key="fields", attribute="fields")
    dates = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True))
    consent = fields.Dict(
        keys=fields.String(),
        metadata={"description": "Purpose to true or false; the entry `proof` says what that rests on."},
    )
    bant = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True))


class CompanyOut(Schema):
    """The company of a lead."""

    id = fields.Integer()
    name = fields.String()


class LeadOut(Schema):
    """A lead. `timezone_source` tells how its zone is known: given, or guessed from phone or country; null
    where it is not, and the zone of the program or of the installation counts."""

    id = fields.Integer()
    email = fields.String(allow_none=True)
    first_name = fields.String(allow_none=True)
    last_name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    company = fields.Nested(CompanyOut, allow_none=True)
    role = fields.String(allow_none=True)
    buying_role = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    timezone = fields.String(allow_none=True)
    timezone_source = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    stage = fields.String()
    temperature = fields.String()
    heat = fields.Float()
    grade = fields.String(allow_none=True)
    readiness = fields.Float()
    target_score = fields.Float(
        allow_none=True,
        metadata={"description": "The chance to be won in percent, as last worked out, or null."},
    )
    source = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    merged = fields.List(
        fields.Integer(), metadata={"description": "Ids of leads that were merged into it, and mean it."}
    )
    fields_ = fields.Dict(data_key="fields", attribute="fields")
    dates = fields.Dict()
    consent = fields.Dict(keys=fields.String(), values=fields.Boolean())
    bant = fields.Dict(keys=fields.String(), values=fields.String())
    created_at = fields.String()
    updated_at = fields.String()
    url = fields.String()


class TouchOut(Schema):
    """One line of a timeline. `what` is signal, hit, delivery, stage, temperature, outcome or handoff; `ref`
    of a signal is its id, its `source` who reported it,
    its `verdict` taken_back when it was told by mistake."""

    at = fields.String()
    what = fields.String()
    kind = fields.String()
    ref = fields.String()
    about = fields.String()
    detail = fields.Raw()
    verdict = fields.String(allow_none=True)
    source = fields.String(allow_none=True)


def _kind(said: str) -> None:
    if not is_kind(said):
        raise ValidationError(
            _("A kind is written in small letters, digits and _, beginning with a letter: event_attended.")
        )


class SignalIn(In):
    """One activity of a lead. `key` is your own name for it and makes sending it again harmless."""

    email = fields.String(validate=LONG)
    lead_id = fields.Integer(strict=True, validate=validate.Range(1, ID_MOST))
    kind = fields.String(required=True, validate=_kind, metadata={"maxLength": LONGEST, "example": "called"})
    occurred_at = Moment(format="iso")
    key = fields.String(validate=validate.Length(1, 255))
    data = fields.Dict(keys=fields.String(), load_default=dict)


class PersonalData(Answer):
    """The lead, the ledger of consent, every line of its timeline, every change by hand."""

    lead = fields.Nested(LeadOut)
    consents = fields.List(fields.Dict())


class ExplainQuery(In):
    """A past moment; left out, now."""

    at = Moment(metadata={"format": "date-time"})
