"""The shapes of forms and of what was sent by them."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import In

_SHORT, _LONG = validate.Length(max=200), validate.Length(max=2_000)
_EXAMPLE = [{"field": "email", "label": "E-mail address", "required": True, "hint": ""}]
_WORDING = "Yes, send me articles and offers"
_AGREED = [{"purpose": "marketing", "wording": _WORDING, "required": True}]


class FormFieldShape(In):
    """One question. `field` is an answer of a lead: email, phone, first_name, last_name, company, role,
    country, city, address, message, dates.birthday, bant.<part>, or fields.<key> for one of your own."""

    field = fields.String(required=True, validate=_SHORT, metadata={"example": "email"})
    label = fields.String(required=True, validate=_SHORT, metadata={"example": "E-mail address"})
    required = fields.Boolean(load_default=False)
    hint = fields.String(load_default="", validate=_SHORT)


class FormConsentShape(In):
    """A box to tick: the purpose, and the words that are agreed to."""

    purpose = fields.String(required=True, validate=_SHORT, metadata={"example": "marketing"})
    wording = fields.String(required=True, validate=_LONG, metadata={"example": _WORDING})
    required = fields.Boolean(load_default=False)


class FormChange(In):
    """What a form is. `redirect` is an https address; empty: `thanks` is shown. `chain` is program/chain of a
    live program."""

    name = fields.String(validate=_SHORT, metadata={"example": "Price list"})
    title = fields.String(validate=_SHORT, metadata={"example": "The price list by mail"})
    intro = fields.String(validate=_LONG)
    button = fields.String(validate=validate.Length(max=60), metadata={"example": "Send it to me"})
    language = fields.String(validate=validate.Length(max=20), metadata={"example": "en"})
    fields_ = fields.List(
        fields.Nested(FormFieldShape), data_key="fields", attribute="fields", metadata={"example": _EXAMPLE}
    )
    consents = fields.List(fields.Nested(FormConsentShape), metadata={"example": _AGREED})
    double_opt_in = fields.Boolean()
    thanks = fields.String(validate=_LONG)
    redirect = fields.String(validate=_LONG, metadata={"example": "https://example.com/thanks"})
    source = fields.String(validate=_SHORT)
    tags = fields.List(fields.String(validate=validate.Length(max=100)))
    chain = fields.String(validate=_SHORT, metadata={"example": ""})
    asks_for_contact = fields.Boolean()


class FormIn(FormChange):
    """A new form. Its key stands in its address and stays."""

    key = fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "price-list"})
    name = fields.String(required=True, validate=_SHORT, metadata={"example": "Price list"})
    title = fields.String(required=True, validate=_SHORT, metadata={"example": "The price list by mail"})


class PlaceOut(Schema):
    """Where something is asked for by name."""

    kind = fields.String()
    id = fields.Integer()
    name = fields.String()


class FormOut(Schema):
    """A form in its present version, with what came by it. `refused` counts what programs filled in."""

    id = fields.Integer()
    key = fields.String()
    name = fields.String()
    version = fields.Integer()
    title = fields.String()
    intro = fields.String()
    button = fields.String()
    language = fields.String()
    fields_ = fields.List(fields.Nested(FormFieldShape), data_key="fields", attribute="fields")
    consents = fields.List(fields.Nested(FormConsentShape))
    double_opt_in = fields.Boolean()
    thanks = fields.String()
    redirect = fields.String()
    source = fields.String()
    tags = fields.List(fields.String())
    chain = fields.String()
    asks_for_contact = fields.Boolean()
    sent = fields.Integer()
    confirmed = fields.Integer()
    refused = fields.Integer()
    last_at = fields.String(allow_none=True)
    archived_at = fields.String(allow_none=True)
    created_at = fields.String()
    updated_at = fields.String()
    url = fields.String()
    script = fields.String()


class SubmissionOut(Schema):
    """A form that was sent. `waiting` until the button in the mail was pressed; `came_by` tells page,
    referrer and campaign."""

    id = fields.Integer()
    lead_id = fields.Integer()
    version = fields.Integer()
    at = fields.String()
    answers = fields.Dict()
    came_by = fields.Dict()
    waiting = fields.Boolean()
    confirmed_at = fields.String(allow_none=True)
