"""/audit: the log that only grows."""

from typing import Any

from nurture.store.audit import Wanted
from nurture.store.views import audit as view
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.audit import AuditFilter, AuditOut
from nurture.web.request import page_session

part = door.Part("audit", "Who did what, when. Lines are only ever added.")


@part.route("/audit", methods=["GET"])
@part.arguments(AuditFilter, location="query")
@part.response(200, ListOf(AuditOut))
def list_audit(asked: dict[str, Any]) -> dict[str, Any]:
    """Lines, newest first."""
    place = door.place_of(asked["cursor"], (door.whole,))
    wanted = Wanted(*(asked[name] for name in ("actor", "kind", "subject", "since", "until")))
    before = place[0] if place else None
    rows = view.page(page_session(), wanted, before=before, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [vars(row) | {"at": moment(row.at)} for row in page["data"]]}
