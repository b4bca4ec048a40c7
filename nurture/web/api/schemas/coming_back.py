"""The shapes of mails in doubt and of the keys that providers sign with."""

from marshmallow import Schema, fields, validate

from nurture.store.doubt import POLICIES
from nurture.web.api.schemas import In


class DoubtOut(Schema):
    """Mails of which nobody knows whether they went out (counted up to 10,000), and what is done with new
    ones."""

    uncertain = fields.Integer()
    in_doubt = fields.String(metadata={"enum": list(POLICIES)})


class DoubtIn(In):
    """Taken for sent, or sent once more."""

    in_doubt = fields.String(required=True, validate=validate.OneOf(POLICIES))


class ProviderKeyIn(In):
    """What the provider signs with, `name:password` where it signs nothing; empty: forget it."""

    key = fields.String(required=True, load_only=True, validate=validate.Length(max=4_000))
