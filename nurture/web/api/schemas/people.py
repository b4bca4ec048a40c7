"""The shapes of sources, tags, fields of one's own, saved views and changes of many leads."""

from marshmallow import Schema, fields, validate

from nurture.flows.change_leads import KINDS as KINDS_OF_CHANGE
from nurture.store.custom_fields import KINDS
from nurture.web.api.schemas import In

_NAME = validate.Length(1, 200)


class SourceIn(In):
    """A source. `targeted`: made for what you offer (true), general data (false), not said (null)."""

    name = fields.String(required=True, validate=_NAME, metadata={"example": "Trade fair Hannover"})
    kind = fields.String(load_default="", validate=validate.Length(max=60))
    targeted = fields.Boolean(allow_none=True, load_default=None)


class SourceChange(In):
    """What is to be changed."""

    name = fields.String(validate=_NAME)
    kind = fields.String(validate=validate.Length(max=60))
    targeted = fields.Boolean(allow_none=True)


class SourceOut(Schema):
    """A source with what became of its leads; `counted_at` is null when they were counted just now."""

    id = fields.Integer()
    name = fields.String()
    kind = fields.String()
    targeted = fields.Boolean(allow_none=True)
    leads = fields.Integer()
    agreed = fields.Integer()
    warm = fields.Integer()
    hot = fields.Integer()
    handed_over = fields.Integer()
    won = fields.Integer()
    counted_at = fields.String(allow_none=True)
    created_at = fields.String()


class MergeIn(In):
    """The source that the leads come from instead."""

    into = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**63 - 1))


class MovedOut(Schema):
    """How many leads were changed."""

    leads = fields.Integer()


class PlaceOut(Schema):
    """A program, segment, heat model or mail that asks for it by name."""

    kind = fields.String()
    id = fields.Integer()
    name = fields.String()


class TagOut(Schema):
    """A tag, how many leads have it, and what asks for it."""

    name = fields.String()
    leads = fields.Integer()
    used_by = fields.List(fields.Nested(PlaceOut))


class TagRename(In):
    """Everybody with the tag `name` has the tag `to` instead; with a name that is there, they are merged."""

    name = fields.String(required=True, validate=_NAME)
    to = fields.String(required=True, validate=validate.Length(1, 100))


class TagNamed(In):
    """A tag."""

    name = fields.String(required=True, validate=_NAME)


class FieldIn(In):
    """A field of your own. Its key is made from the label."""

    label = fields.String(required=True, validate=validate.Length(1, 100))
    kind = fields.String(load_default="text", validate=validate.OneOf(KINDS))
    choices = fields.List(fields.String(validate=validate.Length(max=200)), load_default=list)


class FieldChange(In):
    """What is to be changed; values that leads have already stay."""

    label = fields.String(validate=validate.Length(1, 100))
    kind = fields.String(validate=validate.OneOf(KINDS))
    choices = fields.List(fields.String(validate=validate.Length(max=200)))


class FieldOut(Schema):
    """A field of your own, and what asks for it."""

    key = fields.String()
    label = fields.String()
    kind = fields.String()
    choices = fields.List(fields.String())
    used_by = fields.List(fields.Nested(PlaceOut))


class ChangeIn(In):
    """A change of many leads: those of `lead_ids`, or everybody whom `filter` finds (the names of the list).
    `value` is the tag, the id of the new owner (empty: nobody), for start the place as program/chain/step, or
    for consent the purpose, with `proof` saying how you know."""

    what = fields.String(required=True, validate=validate.OneOf(KINDS_OF_CHANGE))
    value = fields.String(load_default="", validate=validate.Length(max=200))
    proof = fields.String(load_default="", validate=validate.Length(max=2_000))
    lead_ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 2**63 - 1)),
        validate=validate.Length(1, 10_000),
    )
    filter = fields.Dict(keys=fields.String(), values=fields.String())


class ChangeJobOut(Schema):
    """A change of very many leads. `state`: waiting, running, done, cancelled, failed, undoing or undone; of
    `total` leads `looked` at, of whom it `changed` so many."""

    job_id = fields.Integer()
    at = fields.String()
    what = fields.String()
    value = fields.String()
    state = fields.String()
    total = fields.Integer()
    looked = fields.Integer()
    changed = fields.Integer()
    error = fields.String()
    finished_at = fields.String(allow_none=True)


class ChangeOut(Schema):
    """What was changed: `leads` are those whom it really changed."""

    id = fields.Integer()
    at = fields.String()
    what = fields.String()
    value = fields.String()
    leads = fields.Integer()
    undone_at = fields.String(allow_none=True)
