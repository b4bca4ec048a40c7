"""Users, invitations and links as the API speaks of them."""

from marshmallow import Schema, fields, validate

from nurture.store.users import ROLES
from nurture.web.api.schemas import LONG, In

_ROLE = validate.OneOf(ROLES)


class UserIn(In):
    """Somebody who signs in with this password. Better: POST /invitations, and they choose their own."""

    email = fields.String(required=True, validate=LONG)
    name = fields.String(load_default="", validate=LONG)
    role = fields.String(required=True, validate=_ROLE)
    password = fields.String(required=True, validate=LONG)


class UserChange(In):
    """What changes; a new role or being kept out (`disabled`) ends every session of the user."""

    name = fields.String(validate=LONG)
    role = fields.String(validate=_ROLE)
    disabled = fields.Boolean()


class SalesMails(In):
    """Mails about leads: `notices` when one becomes yours and when its time runs out, `digest` as the
    working day begins. What is left out stays."""

    notices = fields.Boolean()
    digest = fields.Boolean()


class UserOut(Schema):
    """Somebody who signs in."""

    id = fields.Integer()
    email = fields.String()
    name = fields.String()
    role = fields.String()
    second_factor = fields.Boolean()
    sales_mails = fields.Nested(SalesMails)
    created_at = fields.String()
    last_sign_in_at = fields.String(allow_none=True)
    disabled_at = fields.String(allow_none=True)


class InvitationIn(In):
    """Whom to invite. An earlier invitation of this address is void then."""

    email = fields.String(required=True, validate=LONG)
    name = fields.String(load_default="", validate=LONG)
    role = fields.String(required=True, validate=_ROLE)


class InvitationOut(Schema):
    """An invitation that waits."""

    id = fields.Integer()
    email = fields.String()
    name = fields.String()
    role = fields.String()
    made_at = fields.String()
    expires_at = fields.String()


class LinkOut(Schema):
    """A link that works once, shown this once. `sent`: it is on its way by mail, too."""

    url = fields.String()
    email = fields.String()
    expires_at = fields.String()
    sent = fields.Boolean()


class InvitationMade(InvitationOut):
    """An invitation with its link, shown this once. `sent`: it is on its way by mail, too."""

    url = fields.String()
    sent = fields.Boolean()
