"""/models: what signals are worth, thresholds, scorecard and readiness; drafts, versions, approvals."""

from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import approve
from nurture.flows import edit_models as flow
from nurture.flows import model_work as worker
from nurture.rules.model import changes
from nurture.rules.model import plain as definition_of
from nurture.rules.words import _
from nurture.store import approvals, model_work, models
from nurture.store.model_work import Work
from nurture.store.views import models as view
from nurture.store.views.models import ModelPage
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.models import (
    ApprovalOut,
    DecisionIn,
    DecisionOut,
    ModelDraftIn,
    ModelDraftOut,
    ModelIn,
    ModelOut,
    ModelRevisionIn,
    ModelVersionWhole,
    ModelWorkOut,
    PublishedOut,
)
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("models", "Heat models: what signals are worth, thresholds, scorecard, readiness.")


@part.route("/models", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(ModelOut))
def list_models(asked: dict[str, Any]) -> dict[str, Any]:
    """Models, in the order they were made."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = sorted(view.every(page_session()), key=lambda row: row.id)
    later = [row for row in rows if place is None or row.id > place[0]]
    page = door.cut(later, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/models/<int:model_id>", methods=["GET"])
@part.response(200, ModelOut)
def one(model_id: int) -> dict[str, Any]:
    """One model with its versions and the programs that go by it."""
    found = next((row for row in view.every(page_session()) if row.id == model_id), None)
    if found is None:
        raise NotFound(_("There is no such model."))
    return _shown(found)


@part.route("/models", methods=["POST"])
@part.arguments(ModelIn)
@part.response(201, ModelOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Begin a new model: a draft, until it is published."""
    with runtime().sessions.begin() as session:
        made = flow.create(session, said["key"], like=said.get("like"), now=now(), by=door.actor())
    close_session()
    return _shown(next(row for row in view.every(page_session()) if row.id == made)), 201


@part.route("/models/<int:model_id>/draft", methods=["GET"])
@part.response(200, ModelDraftOut)
def draft(model_id: int) -> dict[str, Any]:
    """The draft; what rates while there is none (revision 0)."""
    return _draft(model_id)


@part.route("/models/<int:model_id>/draft", methods=["PUT"])
@part.arguments(ModelDraftIn)
@part.response(200, ModelDraftOut)
def put_draft(said: dict[str, Any], model_id: int) -> dict[str, Any]:
    """Keep a draft, right or wrong; the answer names its faults. What rates is as it was."""
    with runtime().sessions.begin() as session:
        flow.save_draft(
            session,
            model_id,
            said["definition"],
            revision=said.get("revision"),
            now=now(),
            by=door.actor(),
        )
    return _draft(model_id)


@part.route("/models/<int:model_id>/draft", methods=["DELETE"])
@part.response(204)
def discard_draft(model_id: int) -> None:
    """Throw the draft away."""
    with runtime().sessions.begin() as session:
        flow.discard(session, model_id, now=now(), by=door.actor())


@part.route("/models/<int:model_id>/preview", methods=["POST"])
@part.response(202, ModelWorkOut)
def ask_preview(model_id: int) -> ResponseReturnValue:
    """Ask what the draft would do to all leads and would have meant for past deals; nothing is written. Few
    leads are told at once, many by a worker: GET says how far it is."""
    with runtime().sessions.begin() as session:
        work = flow.ask_preview(session, model_id, now=now(), by=door.actor())
    return _carried_out(work), 202


@part.route("/models/<int:model_id>/preview", methods=["GET"])
@part.response(200, ModelWorkOut)
def preview(model_id: int) -> dict[str, Any]:
    """The newest look ahead."""
    work = model_work.newest(page_session(), "preview", model_id)
    if work is None:
        raise NotFound(_("Nobody has looked ahead yet."))
    return _work(work)


@part.route("/models/<int:model_id>/publish", methods=["POST"])
@part.arguments(ModelRevisionIn)
@part.response(202, PublishedOut)
def publish(said: dict[str, Any], model_id: int) -> ResponseReturnValue:
    """Make the draft a version that rates from now on. Leads are brought over in batches; who is ripe by it
    alone waits under /model_approvals."""
    with runtime().sessions.begin() as session:
        work = flow.publish(session, model_id, revision=said.get("revision"), now=now(), by=door.actor())
    return {"work": None if work is None else _carried_out(work)}, 202


@part.route("/models/<int:model_id>/switch", methods=["GET"])
@part.response(200, ModelWorkOut)
def switch(model_id: int) -> dict[str, Any]:
    """How far the leads have been brought over to the newest version."""
    work = model_work.newest(page_session(), "switch", model_id)
    if work is None:
        raise NotFound(_("No version was published here yet."))
    return _work(work)


@part.route("/models/<int:model_id>/versions/<int:no>", methods=["GET"])
@part.response(200, ModelVersionWhole)
def version(model_id: int, no: int) -> dict[str, Any]:
    """One version with what it changed."""
    session = page_session()
    stands = flow.editing(session, model_id)
    found = models.version_of(session, model_id, no) if no < 2**31 else None
    if found is None:
        raise NotFound(_("There is no such version."))
    before = models.version_of(session, model_id, no - 1)
    return {
        "no": no,
        "live": stands.live is not None and stands.live.no == no,
        "definition": definition_of(found.model),
        "changes": changes(before.model, found.model) if before else [],
    }


@part.route("/models/<int:model_id>/versions/<int:no>/draft", methods=["POST"])
@part.response(200, ModelDraftOut)
def take_version(model_id: int, no: int) -> dict[str, Any]:
    """Take a version as the draft, in place of what was there."""
    with runtime().sessions.begin() as session:
        flow.start_from(session, model_id, no, now=now(), by=door.actor())
    return _draft(model_id)


@part.route("/model_approvals", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(ApprovalOut))
def list_approvals(asked: dict[str, Any]) -> dict[str, Any]:
    """Leads that are ripe by a new version alone, the ripest first."""
    place = door.place_of(asked["cursor"], (float, door.whole))
    rows = approvals.page(
        page_session(), after=(place[0], place[1]) if place else None, limit=asked["limit"] + 1
    )
    page = door.cut(rows, asked["limit"], lambda row: (row.score, row.id))
    return {**page, "data": [{**asdict(row), "listed_at": moment(row.listed_at)} for row in page["data"]]}


@part.route("/model_approvals", methods=["POST"])
@part.arguments(DecisionIn)
@part.response(200, DecisionOut)
def decide(said: dict[str, Any]) -> dict[str, Any]:
    """Hand leads over, or not."""
    done = approve.decide(
        runtime().sessions, said.get("ids"), hand_over=said["hand_over"], now=now(), by=door.actor()
    )
    runtime().wake("hand_over")
    return asdict(done)


def _draft(model_id: int) -> dict[str, Any]:
    close_session()
    session = page_session()
    stands = flow.editing(session, model_id)
    return {
        "definition": plain(stands.spec),
        "revision": stands.revision,
        "faults": flow.faults(session, stands.key, stands.spec),
        "doubts": flow.told_doubts(session, stands.spec),
        "changes": flow.told_changes(stands),
    }


def _carried_out(work: Work) -> dict[str, Any]:
    """The work, done at once where there is little of it."""
    if work.total <= worker.AT_ONCE:
        worker.carry_out(runtime().sessions, runtime().engine, work.id, runtime().now)
    close_session()
    return _work(model_work.find(page_session(), work.id) or work)


def _work(work: Work) -> dict[str, Any]:
    said = {name: getattr(work, name) for name in ("id", "kind", "state", "done", "total", "sentence")}
    times = {"asked_at": moment(work.asked_at), "ended_at": moment(work.ended_at)}
    return {**said, **times, "result": plain(work.result)}


def _shown(row: ModelPage) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "definition": plain(row.spec) if row.spec is not None else None,
        "versions": [
            {
                "no": one.no,
                "live": one.live,
                "created_at": moment(one.created_at),
                "created_by": one.created_by,
                "published_at": moment(one.published_at),
            }
            for one in row.versions
        ],
        "programs": [{"id": number, "name": name} for number, name in row.programs],
    }
