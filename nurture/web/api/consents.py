"""/consents: the ledger, with its proof and with what rested on each entry."""

from typing import Any

from marshmallow import Schema, fields, validate

from nurture.store.views import consents as view
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import ListOf
from nurture.web.request import page_session

part = door.Part("consents", "Consent as a ledger: nothing in it is ever changed, only added.")


class Filter(door.PageQuery):
    """Whose."""

    lead_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))


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
    return {
        **page,
        "data": [
            {
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
            for row in page["data"]
        ],
    }
