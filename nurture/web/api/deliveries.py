"""/deliveries: what was sent to whom, and what came of it."""

from datetime import UTC
from typing import Any

from marshmallow import fields, validate

from nurture.errors import NotFound
from nurture.flows.as_sent import as_sent
from nurture.rules.words import _
from nurture.store import deliveries
from nurture.store.deliveries import STATES, Delivery
from nurture.store.inbound import InboundReport
from nurture.store.views import deliveries as view
from nurture.store.views.deliveries import DeliveryPage
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf, Moment
from nurture.web.api.schemas.deliveries import DeliveryOut, DeliveryWhole, MailAsSent
from nurture.web.request import page_session, runtime

part = door.Part("deliveries", "Mails to leads: their states, tries, opens and clicks.")

_AS_THEY_ARE = (
    "id", "lead_id", "purpose", "program_id", "chain_id", "step_key", "newsletter_id", "state", "reason",
    "consent_purpose", "consent_id",
)  # fmt: skip
_MOMENTS = (
    "due_at", "created_at", "sent_at", "settled_at", "opened_at", "clicked_at", "bounced_at", "complained_at",
    "in_doubt_at",
)  # fmt: skip


class Filter(door.PageQuery):
    """What the list is narrowed to."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    lead_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))
    program_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))
    mail_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))
    since = Moment(load_default=None, default_timezone=UTC)
    until = Moment(load_default=None, default_timezone=UTC)


@part.route("/deliveries", methods=["GET"])
@part.arguments(Filter, location="query")
@part.response(200, ListOf(DeliveryOut))
def list_deliveries(asked: dict[str, Any]) -> dict[str, Any]:
    """Deliveries, newest first."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = deliveries.page(
        page_session(),
        lead_id=asked["lead_id"],
        state=asked["state"],
        program_id=asked["program_id"],
        mail_id=asked["mail_id"],
        since=asked["since"],
        until=asked["until"],
        before=place[0] if place else 0,
        limit=asked["limit"] + 1,
    )
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/deliveries/<int:delivery_id>", methods=["GET"])
@part.response(200, DeliveryWhole)
def one(delivery_id: int) -> dict[str, Any]:
    """One delivery with every try and every hit, by people and by machines."""
    found = _found(delivery_id)
    return {
        **_shown(found.delivery),
        "mail": found.mail,
        "mail_version": found.mail_version,
        "subject": found.subject,
        "attempts": [
            {"attempt": one.attempt_no, "at": moment(one.at), "outcome": one.outcome, "reply": one.reply}
            for one in found.attempts
        ],
        "reports": [_report(one) for one in found.reports],
        "hits": [
            {
                "id": str(hit.id),
                "at": moment(hit.at),
                "kind": hit.kind,
                "verdict": hit.verdict,
                "reasons": hit.reasons,
                "link": hit.link,
            }
            for hit in found.hits
        ],
    }


@part.route("/deliveries/<int:delivery_id>/mail", methods=["GET"])
@part.response(200, MailAsSent)
def mail(delivery_id: int) -> dict[str, Any]:
    """The mail of a delivery as it reads: its header fields in their order, its text, and its HTML without
    pixel and tracked links. What is signed in it is left out. Not found once the person is erased."""
    found = _found(delivery_id)
    sent = as_sent(page_session(), found.delivery, runtime().ring, runtime().settings.base_url)
    if sent is None:
        raise NotFound(_("This mail is gone."))
    return {
        "subject": sent.subject,
        "headers": [{"name": name, "value": value} for name, value in sent.headers],
        "text": sent.text,
        "html": sent.html,
    }


def _found(delivery_id: int) -> DeliveryPage:
    found = view.one(page_session(), delivery_id)
    if found is None:
        raise NotFound(_("There is no such delivery."))
    return found


def _shown(row: Delivery) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        **{name: moment(getattr(row, name)) for name in _MOMENTS},
    }


def _report(row: InboundReport) -> dict[str, Any]:
    """What came back, with its raw bytes as text as far as they are kept."""
    return {
        "at": moment(row.received_at),
        "source": row.source,
        "kind": row.kind,
        "reason": row.reason,
        "status": row.status,
        "diagnostic": row.diagnostic,
        "subject": row.subject,
        "text": row.text,
        "raw": row.raw_text,
    }
