"""/duplicates and /merges: leads that are one person, made one and taken apart again."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import duplicates as pairs_flow
from nurture.flows.merge_leads import merge as merge_leads
from nurture.flows.unmerge_leads import undo_merge
from nurture.rules.words import _
from nurture.store import duplicates
from nurture.store.duplicates import Twin
from nurture.store.lead_aliases import LeadMerge
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.merges import DuplicateOut, LeadMergeIn, LeadMergeOut, LookedOut
from nurture.web.request import now, page_session, runtime

part = door.Part("merges", "Leads that are one person: found, merged, taken apart again.")


@part.route("/leads/<int:lead_id>/merge", methods=["POST"])
@part.arguments(LeadMergeIn)
@part.response(201, LeadMergeOut)
def merge(said: dict[str, Any], lead_id: int) -> ResponseReturnValue:
    """Make another lead a part of this one. Its id, address and number mean this lead from then on."""
    with runtime().sessions.begin() as session:
        noted = merge_leads(
            session,
            lead_id,
            said["other"],
            take=said["take"],
            pepper=runtime().pepper,
            by=door.actor(),
            now=now(),
        )
        answer = _plain(noted)
    runtime().wake("rate")
    return answer, 201


@part.route("/merges/<int:merge_id>", methods=["GET"])
@part.response(200, LeadMergeOut)
def one(merge_id: int) -> dict[str, Any]:
    """Which lead became a part of which."""
    found = page_session().get(LeadMerge, merge_id)
    if found is None:
        raise NotFound(_("There is no such merge."))
    return _plain(found)


@part.route("/merges/<int:merge_id>/undo", methods=["POST"])
@part.response(200, LeadMergeOut)
def undo(merge_id: int) -> dict[str, Any]:
    """Two leads again. Refused (409) the second time, where a later merge rests on it, after an erasure."""
    with runtime().sessions.begin() as session:
        answer = _plain(undo_merge(session, merge_id, pepper=runtime().pepper, by=door.actor(), now=now()))
    runtime().wake("rate")
    return answer


@part.route("/duplicates", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(DuplicateOut))
def list_duplicates(asked: dict[str, Any]) -> dict[str, Any]:
    """Pairs that nobody has decided on, newest first."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = duplicates.page(page_session(), before=place[0] if place else None, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda pair: (pair.id,))
    return {
        **page,
        "data": [
            {
                "id": pair.id,
                "reason": pair.reason,
                "found_at": moment(pair.found_at),
                "lead": _twin(pair.lead),
                "other": _twin(pair.other),
            }
            for pair in page["data"]
        ],
    }


@part.route("/duplicates/look", methods=["POST"])
@part.response(200, LookedOut)
def look() -> dict[str, Any]:
    """Look through the whole base now, instead of within the hour."""
    return {"pairs": pairs_flow.look(runtime().sessions, now=now())}


@part.route("/duplicates/<int:pair_id>/dismiss", methods=["POST"])
@part.response(204)
def dismiss(pair_id: int) -> None:
    """These are two people, and are not asked about again."""
    with runtime().sessions.begin() as session:
        pairs_flow.dismiss(session, pair_id, by=door.actor(), now=now())


@part.route("/duplicates/<int:pair_id>/bring_back", methods=["POST"])
@part.response(204)
def bring_back(pair_id: int) -> None:
    """They may be one person after all: the pair is listed again."""
    with runtime().sessions.begin() as session:
        pairs_flow.bring_back(session, pair_id, by=door.actor(), now=now())


def _plain(noted: LeadMerge) -> dict[str, Any]:
    return {
        "id": noted.id,
        "lead_id": noted.lead_id,
        "merged_id": noted.alias_id,
        "at": moment(noted.at),
        "undone_at": moment(noted.undone_at),
    }


def _twin(one: Twin) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "email": one.email, "phone": one.phone, "company": one.company}
