"""/handoffs: ripe leads on their way to sales, and the answers of sales."""

from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import fields, validate

from nurture.errors import NotFound
from nurture.flows.answer import answer
from nurture.rules.words import _
from nurture.store import handoffs, lead_json
from nurture.store.handoffs import STATES, Handoff, HandoffOutcome
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.handoffs import AnsweredOut, HandoffOut, HandoffWhole, OutcomeIn
from nurture.web.request import now, page_session, runtime
from nurture.web.sales.answering import outcome_of

part = door.Part("handoffs", "Ripe leads on their way to sales, and what sales says of them.")

_AS_THEY_ARE = (
    "id", "lead_id", "ripening_no", "cause", "state", "score", "rise", "temperature", "heat", "grade",
    "owner_id",
)  # fmt: skip
_MOMENTS = ("ready_at", "released_at", "accepted_at", "contacted_at", "closed_at", "revised_at")


class Filter(door.PageQuery):
    """What the list is narrowed to."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    owner_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))


@part.route("/handoffs", methods=["GET"])
@part.arguments(Filter, location="query")
@part.response(200, ListOf(HandoffOut))
def list_handoffs(asked: dict[str, Any]) -> dict[str, Any]:
    """Hand-offs, newest first."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = handoffs.page(
        page_session(),
        states=(asked["state"],) if asked["state"] else (),
        owner_id=asked["owner_id"],
        before=place[0] if place else None,
        limit=asked["limit"] + 1,
    )
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/handoffs/<int:handoff_id>", methods=["GET"])
@part.response(200, HandoffWhole)
def one(handoff_id: int) -> dict[str, Any]:
    """One hand-off with its lead and every answer."""
    session = page_session()
    row = session.get(Handoff, handoff_id)
    if row is None:
        raise NotFound(_("There is no such hand-off."))
    leads = lead_json.read(session, [row.lead_id], base_url=runtime().settings.base_url, now=now())
    outcomes = [_outcome(one) for one in handoffs.outcomes_of(session, handoff_id)]
    return {**_shown(row), "lead": leads.get(row.lead_id), "outcomes": outcomes}


@part.route("/handoffs/<int:handoff_id>/outcome", methods=["POST"])
@part.arguments(OutcomeIn)
@part.response(200, AnsweredOut)
def outcome(said: dict[str, Any], handoff_id: int) -> dict[str, Any]:
    """Answer for sales: accepted, rejected, contacted, meeting, later, won or lost. The same answer again
    changes nothing. A date without a zone is UTC."""
    read = outcome_of(said, ZoneInfo("UTC"))
    with runtime().sessions.begin() as session:
        answered = answer(session, handoff_id, read, by=door.actor(), now=now())
    runtime().wake("webhooks")
    return {
        "handoff_id": answered.handoff_id,
        "state": answered.state,
        "stage": answered.stage,
        "new": answered.new,
    }


def _shown(row: Handoff) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        "reasons": plain(row.reasons),
        "bant": plain(row.bant),
        **{name: moment(getattr(row, name)) for name in _MOMENTS},
    }


def _outcome(row: HandoffOutcome) -> dict[str, Any]:
    return {
        "outcome": row.outcome,
        "reason": row.reason,
        "amount": plain(row.amount),
        "currency": row.currency,
        "at": moment(row.happens_at),
        "note": row.note,
        "answered_at": moment(row.at),
        "by": row.by,
    }
