"""Demo data and test addresses as the API shows them."""

from marshmallow import Schema, fields, validate

from nurture.flows.sending import MOST_TEST_ADDRESSES
from nurture.web.api.schemas import In


class AddressesIn(In):
    """Addresses that get mail before the go-live switch is turned, all of them."""

    addresses = fields.List(fields.String(), required=True, validate=validate.Length(max=MOST_TEST_ADDRESSES))


class AddressesOut(Schema):
    """As they are compared with those of leads."""

    addresses = fields.List(fields.String())


class DemoOut(Schema):
    """`state`: none, wanted, making, there, failed, unwanted, removing; `done` of `total` days are lived."""

    state = fields.String()
    done = fields.Integer()
    total = fields.Integer()
    sentence = fields.String()
    began_at = fields.String(allow_none=True)
    ended_at = fields.String(allow_none=True)
