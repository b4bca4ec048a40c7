"""/suppressions and /blocked_domains: addresses and domains that are written to no more."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from nurture.flows import suppress as flow
from nurture.store import blocked_domains, suppressions
from nurture.store.blocked_domains import BlockedDomain
from nurture.store.suppressions import Suppression
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.house import BlockedDomainIn, BlockedDomainOut, SuppressionIn, SuppressionOut
from nurture.web.request import now, page_session, runtime

part = door.Part("suppressions", "Addresses that are written to no more, kept as hashes alone.")
_REASONS = ("hard_bounce", "soft_bounces", "complaint", "unsubscribed_all", "manual", "erased")


class Filter(door.PageQuery):
    """Why."""

    reason = fields.String(load_default=None, validate=validate.OneOf(_REASONS))


@part.route("/suppressions", methods=["GET"])
@part.arguments(Filter, location="query")
@part.response(200, ListOf(SuppressionOut))
def list_suppressions(asked: dict[str, Any]) -> dict[str, Any]:
    """Entries, newest first; lifted ones too."""
    place = door.place_of(asked["cursor"], (door.whole,))
    before = place[0] if place else None
    limit = asked["limit"] + 1
    rows = suppressions.page(page_session(), reason=asked["reason"], before=before, limit=limit)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/suppressions", methods=["POST"])
@part.arguments(SuppressionIn)
@part.response(201, SuppressionOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Keep an address out; one that is out already stays as it is."""
    with runtime().sessions.begin() as session:
        row = flow.suppress(
            session,
            said["email"],
            pepper=runtime().pepper,
            detail=said["detail"],
            by=door.actor(),
            now=now(),
        )
        return _shown(row), 201


@part.route("/suppressions/<int:suppression_id>", methods=["DELETE"])
@part.response(200, SuppressionOut)
def lift(suppression_id: int) -> dict[str, Any]:
    """Write to it again. Refused (409) for who unsubscribed from everything, complained or was erased."""
    with runtime().sessions.begin() as session:
        return _shown(flow.lift(session, suppression_id, by=door.actor(), now=now()))


@part.route("/blocked_domains", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(BlockedDomainOut))
def list_domains(asked: dict[str, Any]) -> dict[str, Any]:
    """Domains where nobody is written to, newest first; lifted ones too."""
    place = door.place_of(asked["cursor"], (door.whole,))
    limit = asked["limit"] + 1
    rows = blocked_domains.page(page_session(), before=place[0] if place else None, limit=limit)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_domain(row) for row in page["data"]]}


@part.route("/blocked_domains", methods=["POST"])
@part.arguments(BlockedDomainIn)
@part.response(201, BlockedDomainOut)
def block(said: dict[str, Any]) -> ResponseReturnValue:
    """Write to nobody at a domain and below it; one that is blocked already stays as it is."""
    with runtime().sessions.begin() as session:
        row = flow.block_domain(session, said["domain"], detail=said["detail"], by=door.actor(), now=now())
        return _domain(row), 201


@part.route("/blocked_domains/<int:blocked_id>", methods=["DELETE"])
@part.response(200, BlockedDomainOut)
def unblock(blocked_id: int) -> dict[str, Any]:
    """Write to people there again, as far as their own consents and suppressions allow."""
    with runtime().sessions.begin() as session:
        return _domain(flow.unblock_domain(session, blocked_id, by=door.actor(), now=now()))


def _domain(row: BlockedDomain) -> dict[str, Any]:
    return {
        "id": row.id,
        "domain": row.domain,
        "detail": row.detail,
        "at": moment(row.at),
        "lifted_at": moment(row.lifted_at),
    }


def _shown(row: Suppression) -> dict[str, Any]:
    return {
        "id": row.id,
        "reason": row.reason,
        "detail": row.detail,
        "lead_id": row.lead_id,
        "delivery_id": row.delivery_id,
        "at": moment(row.at),
        "lifted_at": moment(row.lifted_at),
    }
