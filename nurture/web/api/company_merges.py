"""/companies/{id}/merge and /company_merges: companies that are one, made one and taken apart again."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import merge_companies as flow
from nurture.flows.merge_companies import Side
from nurture.rules.words import _
from nurture.store.company_merges import CompanyMerge
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas.company_merges import (
    CompanyMergeIn,
    CompanyMergeOut,
    CompanyMergePreview,
    OtherCompany,
)
from nurture.web.request import now, page_session, runtime

part = door.Part("company-merges", "Companies that are one: merged, taken apart again.")


@part.route("/companies/<int:company_id>/merge", methods=["GET"])
@part.arguments(OtherCompany, location="query")
@part.response(200, CompanyMergePreview)
def preview(asked: dict[str, Any], company_id: int) -> dict[str, Any]:
    """What would come together if `other` became a part of this company. Nothing is changed."""
    found = flow.preview(page_session(), company_id, asked["other"], now=now())
    return {
        "company": _side(found.company),
        "other": _side(found.other),
        "heat": round(found.heat, 1),
        "temperature": found.temperature,
    }


@part.route("/companies/<int:company_id>/merge", methods=["POST"])
@part.arguments(CompanyMergeIn)
@part.response(201, CompanyMergeOut)
def merge(said: dict[str, Any], company_id: int) -> ResponseReturnValue:
    """Make another company a part of this one. Its id, name and website mean this company from then on."""
    with runtime().sessions.begin() as session:
        noted = flow.merge(session, company_id, said["other"], take=said["take"], by=door.actor(), now=now())
        answer = _plain(noted)
    _wake()
    return answer, 201


@part.route("/company_merges/<int:merge_id>", methods=["GET"])
@part.response(200, CompanyMergeOut)
def one(merge_id: int) -> dict[str, Any]:
    """Which company became a part of which."""
    found = page_session().get(CompanyMerge, merge_id)
    if found is None:
        raise NotFound(_("There is no such merge."))
    return _plain(found)


@part.route("/company_merges/<int:merge_id>/undo", methods=["POST"])
@part.response(200, CompanyMergeOut)
def undo(merge_id: int) -> dict[str, Any]:
    """Two companies again. Refused (409) the second time, and where a later merge rests on it."""
    with runtime().sessions.begin() as session:
        answer = _plain(flow.undo_merge(session, merge_id, by=door.actor(), now=now()))
    _wake()
    return answer


def _wake() -> None:
    for topic in ("rate", "segments"):
        runtime().wake(topic)


def _side(side: Side) -> dict[str, Any]:
    names = ("id", "name", "size", "industry", "website", "country", "city", "temperature")
    return {
        **{name: side.row[name] for name in names},
        "heat": round(side.heat, 1),
        "contacts": side.weight.contacts,
        "touches": side.weight.touches,
        "grades": dict(side.weight.grades),
        "last_touch": plain(side.weight.last_signal_at),
    }


def _plain(noted: CompanyMerge) -> dict[str, Any]:
    return {
        "id": noted.id,
        "company_id": noted.company_id,
        "merged_id": noted.other_id,
        "contacts": len(noted.moved),
        "at": moment(noted.at),
        "undone_at": moment(noted.undone_at),
    }
