"""/lead_changes: one change of many leads, and its undoing."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.flows import change_leads as flow
from nurture.rules.words import _
from nurture.store import lead_list
from nurture.store.bulk_changes import BulkChange
from nurture.store.lead_list import LeadQuery
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.people import ChangeIn, ChangeOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("lead-changes", "Changes of many leads at once, and their undoing.")
_FILTERS = frozenset({"q", "temperature", "grade", "stage", "source", "tag", "segment", "owner"})


@part.route("/lead_changes", methods=["POST"])
@part.arguments(ChangeIn)
@part.response(201, ChangeOut)
def change(said: dict[str, Any]) -> ResponseReturnValue:
    """Change these leads, or everybody whom a filter finds, at most 10,000 at once."""
    lead_ids = said.get("lead_ids") or _found(said.get("filter"))
    close_session()
    with runtime().sessions.begin() as session:
        done = flow.change_leads(session, lead_ids, said["what"], said["value"], by=door.actor(), now=now())
        answer = _plain(done)
    runtime().wake("advance")
    return answer, 201


@part.route("/lead_changes/<int:change_id>", methods=["GET"])
@part.response(200, ChangeOut)
def one(change_id: int) -> dict[str, Any]:
    """What was changed."""
    found = page_session().get(BulkChange, change_id)
    if found is None:
        raise NotFound(_("There is no such change."))
    return _plain(found)


@part.route("/lead_changes/<int:change_id>/undo", methods=["POST"])
@part.response(200, ChangeOut)
def undo(change_id: int) -> dict[str, Any]:
    """Take it back, for exactly those whom it changed. Refused (409) the second time."""
    with runtime().sessions.begin() as session:
        flow.undo(session, change_id, by=door.actor(), now=now())
        answer = _plain(session.get_one(BulkChange, change_id))
    runtime().wake("advance")
    return answer


def _found(said: dict[str, str] | None) -> list[int]:
    if said is None:
        sentence = _("Say which leads: lead_ids, or a filter. An empty filter means everybody.")
        raise Invalid(sentence, {"lead_ids": [sentence]})
    unknown = sorted(set(said) - _FILTERS)
    if unknown:
        sentence = _("A filter has: {names}.").format(names=", ".join(sorted(_FILTERS)))
        raise Invalid(sentence, {"filter": [sentence]})
    given: dict[str, Any] = {name: value[:200] for name, value in said.items()}
    wanted = LeadQuery(**given)
    return lead_list.ids(page_session(), wanted, limit=flow.MOST + 1)


def _plain(noted: BulkChange) -> dict[str, Any]:
    return {
        "id": noted.id,
        "at": moment(noted.at),
        "what": noted.what,
        "value": noted.value,
        "leads": len(noted.lead_ids),
        "undone_at": moment(noted.undone_at),
    }
