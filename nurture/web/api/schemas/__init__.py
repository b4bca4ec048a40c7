"""The shapes that the API speaks, for checking what comes in and for its own description."""

from functools import cache
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, fields, validate

ID_MOST = 2**63 - 1
LONG = validate.Length(max=1_000)
STAGES = ("inquiry", "lead", "sales_ready", "opportunity", "customer", "lost")


def _text(**options: Any) -> fields.String:
    return fields.String(validate=LONG, allow_none=True, **options)


class Answer(Schema):
    """An object whose shape the text describes."""

    class Meta:
        unknown = INCLUDE


class Problem(Schema):
    """A fault (RFC 9457). `errors` names fields of the request with their sentences."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class In(Schema):
    """Something sent to the engine: names it does not know are errors."""

    class Meta:
        unknown = RAISE


class LeadIn(In):
    """A lead as it is sent. Absent names change nothing."""

    id = fields.Integer(strict=True, validate=validate.Range(1, ID_MOST))
    email = _text(metadata={"example": "anna.weber@pumps.example"})
    first_name = _text()
    last_name = _text()
    phone = _text(metadata={"example": "+49 30 1234567"})
    company = fields.Raw(
        allow_none=True,
        metadata={
            "description": "The name, or an object with name, size, industry, website, country and city.",
            "oneOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}],
        },
    )
    role = _text()
    buying_role = _text()
    language = _text(metadata={"example": "de"})
    timezone = _text(metadata={"example": "Europe/Berlin"})
    country = _text(metadata={"example": "DE"})
    city = _text()
    address = _text()
    stage = fields.String(validate=validate.OneOf(STAGES))
    source = _text(metadata={"description": "The name of the source; made if there is none of this name."})
    owner = _text(metadata={"description": "The e-mail address of a user."})
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
    source = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    fields_ = fields.Dict(data_key="fields", attribute="fields")
    dates = fields.Dict()
    consent = fields.Dict(keys=fields.String(), values=fields.Boolean())
    bant = fields.Dict(keys=fields.String(), values=fields.String())
    created_at = fields.String()
    updated_at = fields.String()
    url = fields.String()


class TouchOut(Schema):
    """One line of a timeline. `what` is signal, hit, delivery, stage, temperature, outcome or handoff."""

    at = fields.String()
    what = fields.String()
    kind = fields.String()
    ref = fields.String()
    about = fields.String()
    detail = fields.Raw()
    verdict = fields.String(allow_none=True)


class SignalIn(In):
    """One activity of a lead. `key` is your own name for it and makes sending it again harmless."""

    email = fields.String(validate=LONG)
    lead_id = fields.Integer(strict=True, validate=validate.Range(1, ID_MOST))
    kind = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z0-9_]{0,63}\Z"))
    occurred_at = fields.AwareDateTime(format="iso")
    key = fields.String(validate=validate.Length(1, 255))
    data = fields.Dict(keys=fields.String(), load_default=dict)


class HandoffOut(Schema):
    """A ripe lead on its way to sales."""

    id = fields.Integer()
    lead_id = fields.Integer()
    ripening_no = fields.Integer()
    cause = fields.String()
    state = fields.String()
    score = fields.Float()
    rise = fields.Float()
    reasons = fields.List(fields.Raw())
    temperature = fields.String()
    heat = fields.Float()
    grade = fields.String(allow_none=True)
    bant = fields.Dict()
    owner_id = fields.Integer(allow_none=True)
    ready_at = fields.String()
    released_at = fields.String(allow_none=True)
    accepted_at = fields.String(allow_none=True)
    contacted_at = fields.String(allow_none=True)
    closed_at = fields.String(allow_none=True)
    revised_at = fields.String(allow_none=True)


class OutcomeOut(Schema):
    """One answer of sales."""

    outcome = fields.String()
    reason = fields.String()
    amount = fields.String(allow_none=True)
    currency = fields.String(allow_none=True)
    at = fields.String(allow_none=True)
    note = fields.String()
    answered_at = fields.String()
    by = fields.String()


class HandoffWhole(HandoffOut):
    """A hand-off with its lead and every answer of sales."""

    lead = fields.Nested(LeadOut, allow_none=True)
    outcomes = fields.List(fields.Nested(OutcomeOut))


class OutcomeIn(In):
    """An answer of sales. meeting and later need `at`."""

    outcome = fields.String(
        required=True,
        validate=validate.OneOf(("accepted", "rejected", "contacted", "meeting", "later", "won", "lost")),
    )
    reason = fields.String(allow_none=True, validate=validate.Length(max=500))
    amount = fields.Raw(
        allow_none=True, metadata={"oneOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}
    )
    currency = fields.String(allow_none=True, metadata={"example": "EUR"})
    at = fields.String(allow_none=True, metadata={"format": "date-time"})
    note = fields.String(allow_none=True, validate=validate.Length(max=5_000))


class AnsweredOut(Schema):
    """Where the hand-off and its lead stand now."""

    handoff_id = fields.Integer()
    state = fields.String()
    stage = fields.String()
    new = fields.Boolean()


class DeliveryOut(Schema):
    """One mail to one lead. `consent_id` is the entry of the consent ledger that it rests on, or by which it
    was refused; mails that need no consent have none."""

    id = fields.Integer()
    lead_id = fields.Integer(allow_none=True)
    purpose = fields.String()
    program_id = fields.Integer(allow_none=True)
    chain_id = fields.Integer(allow_none=True)
    step_key = fields.String(allow_none=True)
    newsletter_id = fields.Integer(allow_none=True)
    state = fields.String()
    reason = fields.String()
    consent_purpose = fields.String(allow_none=True)
    consent_id = fields.Integer(allow_none=True)
    due_at = fields.String(allow_none=True)
    created_at = fields.String(allow_none=True)
    sent_at = fields.String(allow_none=True)
    settled_at = fields.String(allow_none=True)
    opened_at = fields.String(allow_none=True)
    clicked_at = fields.String(allow_none=True)
    bounced_at = fields.String(allow_none=True)
    complained_at = fields.String(allow_none=True)
    in_doubt_at = fields.String(allow_none=True)


class DeliveryWhole(DeliveryOut):
    """A delivery with what was sent, every try, every hit and what came back about it."""

    mail = fields.String()
    mail_version = fields.Integer()
    subject = fields.String()
    attempts = fields.List(fields.Raw())
    hits = fields.List(fields.Raw())
    reports = fields.List(fields.Raw())


_FILTER = {"field": "data.grade", "in": ["A", "B"]}


class EndpointIn(In):
    """A receiver of webhooks. No types means all. `filter` is a condition on `type` and `data.…` of a
    message; only those for which it holds are posted ({} takes a filter away)."""

    url = fields.String(required=True, validate=LONG, metadata={"example": "https://crm.example.com/hooks"})
    types = fields.List(fields.String(), load_default=list, validate=validate.Length(max=50))
    filter = fields.Dict(load_default=None, allow_none=True, metadata={"example": _FILTER})


class EndpointChange(In):
    """What is to be changed at a receiver."""

    url = fields.String(validate=LONG)
    types = fields.List(fields.String(), validate=validate.Length(max=50))
    filter = fields.Dict(metadata={"example": _FILTER})
    disabled = fields.Boolean()


class EndpointOut(Schema):
    """A receiver of webhooks."""

    id = fields.Integer()
    url = fields.String()
    types = fields.List(fields.String())
    created_at = fields.String()
    disabled_at = fields.String(allow_none=True)
    disabled_reason = fields.String()
    failing_since = fields.String(allow_none=True)
    last_success_at = fields.String(allow_none=True)
    filter = fields.Dict(allow_none=True)
    verify_key = fields.String(allow_none=True)


class EndpointMade(EndpointOut):
    """A new receiver; its secret is shown this once."""

    secret = fields.String()


class MessageOut(Schema):
    """A webhook message; `id` is the webhook-id of every attempt."""

    id = fields.String()
    type = fields.String()
    lead_id = fields.Integer(allow_none=True)
    created_at = fields.String()
    delivered = fields.Integer()
    waiting = fields.Integer()
    failed = fields.Integer()


class MessageWhole(Schema):
    """A message with its body, and every attempt to post it to each receiver."""

    id = fields.String()
    type = fields.String()
    lead_id = fields.Integer(allow_none=True)
    created_at = fields.String()
    body = fields.Raw()
    posts = fields.List(fields.Raw())


class KeyIn(In):
    """A new key."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    role = fields.String(required=True, validate=validate.OneOf(("admin", "marketer", "sales", "viewer")))


class KeyOut(Schema):
    """A key of a program; its secret is not kept."""

    id = fields.Integer()
    name = fields.String()
    role = fields.String()
    prefix = fields.String()
    created_at = fields.String()
    last_used_at = fields.String(allow_none=True)
    revoked_at = fields.String(allow_none=True)


class KeyMade(KeyOut):
    """A new key; `key` is shown this once."""

    key = fields.String()


class ImportOut(Schema):
    """A file of leads. `state` is staged, running, done or failed."""

    id = fields.Integer()
    filename = fields.String()
    state = fields.String()
    options = fields.Dict()
    rows_read = fields.Integer()
    rows_total = fields.Integer(allow_none=True)
    new = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    duplicates = fields.Integer()
    bad = fields.Dict(keys=fields.String(), values=fields.Integer())
    mailable = fields.Integer()
    not_mailable = fields.Dict(keys=fields.String(), values=fields.Integer())
    warnings = fields.Dict(keys=fields.String(), values=fields.Integer())
    ignored_columns = fields.List(fields.String())
    error = fields.String(allow_none=True)
    created_at = fields.String()
    finished_at = fields.String(allow_none=True)


class RowFault(Schema):
    """A row that was given back."""

    line = fields.Integer()
    reason = fields.String()
    values = fields.Dict(keys=fields.String(), values=fields.String())


class ProgramOut(Schema):
    """A program; `inside` counts leads by the temperature of their chain."""

    id = fields.Integer()
    key = fields.String()
    name = fields.String()
    state = fields.String()
    live_version = fields.Integer(allow_none=True)
    draft_version = fields.Integer(allow_none=True)
    inside = fields.Dict(keys=fields.String(), values=fields.Integer())


class ChainOut(Schema):
    """The chain of one temperature, each step with its counts."""

    id = fields.Integer()
    program_id = fields.Integer()
    temperature = fields.String()
    paused = fields.Boolean()
    inside = fields.Integer()
    steps = fields.List(fields.Raw())


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


class Published(Schema):
    """What publishing did: `moved` leads stood at a step that is gone, `entered` are new inside."""

    moved = fields.Integer()
    entered = fields.Integer()


@cache
def ListOf(inner: type[Schema]) -> type[Schema]:
    """The schema of one page of a list."""
    return Schema.from_dict(
        {
            "data": fields.List(fields.Nested(inner)),
            "next_cursor": fields.String(allow_none=True),
        },
        name=f"{inner.__name__.removesuffix('Out')}Page",
    )
