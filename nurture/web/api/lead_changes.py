"""/lead_changes: one change of many leads, and its undoing."""

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.flows import bulk_jobs as bulk_jobs_flow
from nurture.flows import change_leads as flow
from nurture.rules.conditions.values import as_number
from nurture.rules.words import _
from nurture.store import lead_list
from nurture.store.bulk_changes import BulkChange
from nurture.store.bulk_jobs import BulkJob
from nurture.store.lead_list import LeadQuery
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.people import ChangeIn, ChangeJobOut, ChangeOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("lead-changes", "Changes of many leads at once, and their undoing.")
_FILTERS = frozenset({"q", "temperature", "grade", "stage", "source", "tag", "segment", "owner", "target"})


@part.route("/lead_changes", methods=["POST"])
@part.arguments(ChangeIn)
@part.response(201, ChangeOut)
@part.alt_response(
    202, ChangeJobOut, description="More than 10,000 match: a job changes them, portion by portion"
)
def change(said: dict[str, Any]) -> ResponseReturnValue:
    """Change these leads, or everybody whom a filter finds: more than 10,000 by a job."""
    wanted = None if said.get("lead_ids") else _wanted(said.get("filter"))
    lead_ids = said.get("lead_ids") or lead_list.ids(
        page_session(), wanted or LeadQuery(), limit=flow.MOST + 1
    )
    close_session()
    what, value, proof, by = said["what"], said["value"], said["proof"], door.actor()
    with runtime().sessions.begin() as session:
        if wanted is not None and len(lead_ids) > flow.MOST:
            job = bulk_jobs_flow.ask(session, wanted, what, value, proof, by=by, now=now())
            return jsonify(_plain_job(job)), 202
        answer = _plain(flow.change_leads(session, lead_ids, what, value, proof, by=by, now=now()))
    runtime().wake("advance")
    return answer, 201


@part.route("/lead_changes/jobs/<int:job_id>", methods=["GET"])
@part.response(200, ChangeJobOut)
def job(job_id: int) -> dict[str, Any]:
    """How far a change of very many leads is."""
    found = page_session().get(BulkJob, job_id)
    if found is None:
        raise NotFound(_("There is no such change."))
    return _plain_job(found)


@part.route("/lead_changes/jobs/<int:job_id>/cancel", methods=["POST"])
@part.response(200, ChangeJobOut)
def cancel_job(job_id: int) -> dict[str, Any]:
    """Stop it; what was changed stays until it is undone. Refused (409) when it is over."""
    with runtime().sessions.begin() as session:
        return _plain_job(bulk_jobs_flow.cancel(session, job_id, by=door.actor(), now=now()))


@part.route("/lead_changes/jobs/<int:job_id>/undo", methods=["POST"])
@part.response(200, ChangeJobOut)
def undo_job(job_id: int) -> dict[str, Any]:
    """Take it back, for exactly those whom it changed. Refused (409) while it is under way, and twice."""
    with runtime().sessions.begin() as session:
        return _plain_job(bulk_jobs_flow.undo(session, job_id, by=door.actor(), now=now()))


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


def _wanted(said: dict[str, str] | None) -> LeadQuery:
    if said is None:
        sentence = _("Say which leads: lead_ids, or a filter. An empty filter means everybody.")
        raise Invalid(sentence, {"lead_ids": [sentence]})
    unknown = sorted(set(said) - _FILTERS)
    if unknown:
        sentence = _("A filter has: {names}.").format(names=", ".join(sorted(_FILTERS)))
        raise Invalid(sentence, {"filter": [sentence]})
    given: dict[str, Any] = {name: value[:200] for name, value in said.items()}
    if "target" in given:
        given["target"] = _percent(given["target"])
    return LeadQuery(**given)


def _percent(said: str) -> float:
    found = as_number(said)
    if found is None or not 0 <= found <= 100:
        sentence = _("A number from 0 to 100.")
        raise Invalid(sentence, {"filter": [sentence]})
    return found


def _plain_job(job: BulkJob) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "at": moment(job.at),
        "what": job.what,
        "value": job.value,
        "state": job.state,
        "total": job.total,
        "looked": job.looked,
        "changed": job.changed,
        "error": job.error,
        "finished_at": moment(job.finished_at),
    }


def _plain(noted: BulkChange) -> dict[str, Any]:
    return {
        "id": noted.id,
        "at": moment(noted.at),
        "what": noted.what,
        "value": noted.value,
        "leads": len(noted.lead_ids),
        "undone_at": moment(noted.undone_at),
    }
