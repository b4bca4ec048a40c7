"""/consents: the ledger, with its proof and with what rested on each entry."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.note_consent import Said, note_consent
from nurture.rules.addresses import normalise
from nurture.rules.words import _
from nurture.store import lead_aliases, leads
from nurture.store.views import consents as view
from nurture.store.views.consents import ConsentProof
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import In, ListOf, Moment
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("consents", "Consent as a ledger: nothing in it is ever changed, only added.")

# Read by gettext; told in the reader's language when the answer is written.
_N = str
_PURPOSE = validate.Regexp(
    r"[a-z0-9][a-z0-9_-]{0,59}\Z",
    error=_N(
        "A purpose is written in small letters, digits, _ and -, beginning with a letter or a digit, 60 of "
        "them at most: marketing."
    ),
)
_CHANNEL = validate.Regexp(
    r"[a-z][a-z0-9_]{0,39}\Z",
    error=_N(
        "A channel is written in small letters, digits and _, beginning with a letter, 40 of them at most: "
        "phone."
    ),
)


class Filter(door.PageQuery):
    """Whose."""

    lead_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))


class ConsentIn(In):
    """What somebody said. `wording` are the words agreed to, `channel` where (phone, paper, fair …), `proof`
    how it is known, `at` when, if not now."""

    lead_id = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, 2**63 - 1))
    email = fields.String(load_default=None, validate=validate.Length(1, 320))
    purpose = fields.String(
        required=True,
        validate=_PURPOSE,
        metadata={"example": "marketing"},
    )
    granted = fields.Boolean(load_default=True)
    wording = fields.String(load_default="", validate=validate.Length(max=2_000))
    channel = fields.String(
        load_default="api",
        validate=_CHANNEL,
        metadata={"example": "phone"},
    )
    proof = fields.Raw(load_default=None, allow_none=True, metadata={"example": "Card signed at the fair."})
    at = Moment(format="iso", load_default=None, allow_none=True)


class ConsentOut(Schema):
    """One entry. `state` is granted, pending or withdrawn; `holds` whether it is what counts now; `mails`
    how many mails rested on it."""

    id = fields.Integer()
    lead_id = fields.Integer()
    purpose = fields.String()
    state = fields.String()
    at = fields.String()
    channel = fields.String()
    wording = fields.String()
    proof = fields.Dict()
    holds = fields.Boolean()
    mails = fields.Integer()
    first_sent_at = fields.String(allow_none=True)
    last_sent_at = fields.String(allow_none=True)


@part.route("/consents", methods=["GET"])
@part.arguments(Filter, location="query")
@part.response(200, ListOf(ConsentOut))
def list_consents(asked: dict[str, Any]) -> dict[str, Any]:
    """Entries of the ledger, newest first; with `lead_id` the proof about one lead."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = view.page(
        page_session(),
        lead_id=asked["lead_id"],
        before=place[0] if place else None,
        limit=asked["limit"] + 1,
    )
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/consents", methods=["POST"])
@part.arguments(ConsentIn)
@part.response(201, ConsentOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Note what somebody said: a yes with its words and its proof, or a no, which holds at once. Refused
    (409) for a yes that they took back since."""
    lead_id = _lead(said.pop("lead_id"), said.pop("email"))
    close_session()
    with runtime().sessions.begin() as session:
        number = note_consent(session, lead_id, Said(**said), by=door.actor(), now=now())
        if number is None:
            raise Conflict(_("There was nothing to take back."))
        shown = _shown(view.one(session, number))
    runtime().wake("leads")
    return shown, 201


def _lead(lead_id: int | None, email: str | None) -> int:
    """Whose it is, by number or address."""
    if (lead_id is None) == (email is None):
        sentence = _("Say whose it is: lead_id or email.")
        raise Invalid(sentence, {"lead_id": [sentence]})
    if lead_id is not None:
        return lead_aliases.survivor_of(page_session(), lead_id) or lead_id
    norm = normalise(email or "")
    found = leads.by_emails(page_session(), [norm]).get(norm)
    if found is None:
        raise NotFound(_("There is no such lead."))
    return found


def _shown(row: ConsentProof) -> dict[str, Any]:
    return {
        "id": row.id,
        "lead_id": row.lead_id,
        "purpose": row.purpose,
        "state": row.state,
        "at": moment(row.at),
        "channel": row.channel,
        "wording": row.wording,
        "proof": plain(row.proof),
        "holds": row.holds,
        "mails": row.mails,
        "first_sent_at": moment(row.first_sent_at),
        "last_sent_at": moment(row.last_sent_at),
    }
