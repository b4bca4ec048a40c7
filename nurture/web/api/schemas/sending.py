"""The switches over all sending, and demo data, as the API shows them."""

from marshmallow import Schema, fields, validate

from nurture.flows.sending import MOST_TEST_ADDRESSES
from nurture.web.api.schemas import In


class SendingIn(In):
    """Addresses that get mail before the go-live switch is turned, all of them."""

    test_addresses = fields.List(
        fields.String(), required=True, validate=validate.Length(max=MOST_TEST_ADDRESSES)
    )


class TransportOut(Schema):
    """A way of sending; `sentence` is what a person should read when it does not work."""

    name = fields.String()
    ok = fields.Boolean()
    sentence = fields.String()


class SendingOut(Schema):
    """`caught`: all mail goes to the catcher and reaches nobody."""

    live = fields.Boolean()
    stopped = fields.Boolean()
    stopped_at = fields.String(allow_none=True)
    caught = fields.Boolean()
    test_addresses = fields.List(fields.String())
    transports = fields.List(fields.Nested(TransportOut))


class DemoOut(Schema):
    """`state`: none, wanted, making, there, failed, unwanted, removing; `done` of `total` days are lived."""

    state = fields.String()
    done = fields.Integer()
    total = fields.Integer()
    sentence = fields.String()
    began_at = fields.String(allow_none=True)
    ended_at = fields.String(allow_none=True)
