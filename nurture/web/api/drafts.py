"""/draft, /plan, /versions, /diff, /rollback of programs and chains: live edits, as the pages make them."""

from typing import Any

from marshmallow import missing

from nurture.errors import NotFound
from nurture.files.programs import PROGRAM_FILE
from nurture.flows import drafts as flow
from nurture.flows import edit_draft, live_edits, new_programs, test_mail
from nurture.flows.enroll import enter_existing
from nurture.rules.edits.saying import changes_in_words, plan_in_words
from nurture.rules.words import _
from nurture.store.programs import ChainRow
from nurture.store.views import chain as view
from nurture.web.api import door
from nurture.web.api.draft_values import difference_of, fault_list, mail_words
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas.drafts import (
    DifferenceOut,
    DiffQuery,
    DraftIn,
    PlanOut,
    ProgramDraftOut,
    ProgramIn,
    ProgramMade,
    RevisionIn,
    RevisionQuery,
    RollbackIn,
    VersionsOut,
    WentLiveOut,
)
from nurture.web.api.schemas.mail import DraftTestIn, MailTestOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("drafts", "Drafts of programs: edited, planned, published, rolled back.")


@part.route("/programs", methods=["POST"])
@part.arguments(ProgramIn)
@part.response(201, ProgramMade)
def create(said: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Begin a program: with one chain and one mail, or as a copy of another."""
    close_session()
    with runtime().sessions.begin() as session:
        made = new_programs.create(
            session, said["key"], said["name"], like=said["like"], by=door.actor(), now=now()
        )
    return {"id": made}, 201


@part.route("/programs/<int:program_id>/draft", methods=["GET"])
@part.response(200, ProgramDraftOut)
def one(program_id: int) -> dict[str, Any]:
    """The draft of a program with its mails and everything wrong in it."""
    return _draft(program_id)


@part.route("/programs/<int:program_id>/draft", methods=["PUT"])
@part.arguments(DraftIn)
@part.response(200, ProgramDraftOut)
def write(said: dict[str, Any], program_id: int) -> dict[str, Any]:
    """Change the draft from the revision that was read; 409 where somebody else was quicker."""
    return _write(said, program_id)


@part.route("/programs/<int:program_id>/draft", methods=["DELETE"])
@part.arguments(RevisionQuery, location="query")
@part.response(204)
def discard(said: dict[str, Any], program_id: int) -> None:
    """Throw the draft away."""
    close_session()
    with runtime().sessions.begin() as session:
        flow.discard(session, program_id, said["revision"], by=door.actor(), now=now())


@part.route("/programs/<int:program_id>/draft/undo", methods=["POST"])
@part.arguments(RevisionIn)
@part.response(200, ProgramDraftOut)
def undo(said: dict[str, Any], program_id: int) -> dict[str, Any]:
    """One change back."""
    close_session()
    with runtime().sessions.begin() as session:
        flow.undo(session, program_id, said["revision"], by=door.actor(), now=now())
    return _draft(program_id)


@part.route("/programs/<int:program_id>/draft/redo", methods=["POST"])
@part.arguments(RevisionIn)
@part.response(200, ProgramDraftOut)
def redo(said: dict[str, Any], program_id: int) -> dict[str, Any]:
    """Do the change again that was undone last."""
    close_session()
    with runtime().sessions.begin() as session:
        flow.redo(session, program_id, said["revision"], by=door.actor(), now=now())
    return _draft(program_id)


@part.route("/programs/<int:program_id>/draft/test", methods=["POST"])
@part.arguments(DraftTestIn)
@part.response(202, MailTestOut)
def test(said: dict[str, Any], program_id: int) -> tuple[dict[str, Any], int]:
    """Send a mail of the draft to a colleague, one that no version has yet too."""
    close_session()
    with runtime().sessions.begin() as session:
        delivery_id = test_mail.send_drafted(
            session,
            program_id,
            said["mail"],
            said["email"],
            language=said["language"],
            lead_id=said["lead_id"],
            by=door.actor(),
            now=now(),
        )
    runtime().wake("deliver")
    return {"delivery_id": delivery_id}, 202


@part.route("/chains/<int:chain_id>/draft", methods=["GET"])
@part.response(200, ProgramDraftOut)
def of_chain(chain_id: int) -> dict[str, Any]:
    """The draft of the program of this chain: its chains are edited together."""
    return _draft(_program_of(chain_id))


@part.route("/chains/<int:chain_id>/draft", methods=["PUT"])
@part.arguments(DraftIn)
@part.response(200, ProgramDraftOut)
def write_chain(said: dict[str, Any], chain_id: int) -> dict[str, Any]:
    """Change the draft of the program of this chain."""
    return _write(said, _program_of(chain_id))


@part.route("/programs/<int:program_id>/plan", methods=["GET"])
@part.response(200, PlanOut)
def plan(program_id: int) -> dict[str, Any]:
    """What publishing the draft would do to everybody inside."""
    return _plan(program_id)


@part.route("/chains/<int:chain_id>/plan", methods=["GET"])
@part.response(200, PlanOut)
def plan_of_chain(chain_id: int) -> dict[str, Any]:
    """What publishing the draft of this chain's program would do."""
    return _plan(_program_of(chain_id))


@part.route("/programs/<int:program_id>/versions", methods=["GET"])
@part.response(200, VersionsOut)
def versions(program_id: int) -> dict[str, Any]:
    """The versions of a program, the newest first."""
    session = page_session()
    flow.draft_of(session, program_id)
    standing = live_edits.standing_by_version(session, program_id)
    return {
        "data": [
            {
                "version": row.no,
                "created_at": moment(row.created_at),
                "created_by": row.created_by,
                "published_at": moment(row.published_at),
                "published_by": row.published_by,
                "live": bool(row.live),
                "leads": standing.get(row.id, 0),
            }
            for row in view.versions(session, program_id)
        ]
    }


@part.route("/programs/<int:program_id>/diff", methods=["GET"])
@part.arguments(DiffQuery, location="query")
@part.response(200, DifferenceOut)
def difference(asked: dict[str, Any], program_id: int) -> dict[str, Any]:
    """The difference of two versions, or of a version and the draft."""
    found, _before, _after = live_edits.difference_of(page_session(), program_id, asked["from_"], asked["to"])
    return difference_of(found)


@part.route("/programs/<int:program_id>/rollback", methods=["POST"])
@part.arguments(RollbackIn)
@part.response(200, WentLiveOut)
def roll_back(said: dict[str, Any], program_id: int) -> dict[str, Any]:
    """Publish an older version again, as a new one."""
    close_session()
    with runtime().sessions.begin() as session:
        done = live_edits.roll_back(
            session, program_id, said["version"], inside=said["inside"], now=now(), by=door.actor()
        )
    return went_live(done)


def went_live(done: live_edits.WentLive) -> dict[str, Any]:
    """Let those who fit enter, and say what publishing did."""
    entered = enter_existing(runtime().sessions, now=now())
    runtime().wake("advance")
    return {"version": done.version_no, "moved": done.moved, "entered": entered}


def _program_of(chain_id: int) -> int:
    row = page_session().get(ChainRow, chain_id)
    if row is None:
        raise NotFound(_("There is no such chain."))
    return row.program_id


def _draft(program_id: int) -> dict[str, Any]:
    close_session()
    session = page_session()
    draft = flow.draft_of(session, program_id)
    folder = flow.read_draft(session, draft)
    return {
        "program_id": program_id,
        "revision": draft.revision,
        "base_version": draft.base_no,
        "updated_at": moment(draft.updated_at),
        "updated_by": draft.updated_by,
        "can_undo": draft.can_undo,
        "can_redo": draft.can_redo,
        "yaml": draft.source.get(PROGRAM_FILE, ""),
        "program": plain(dict(folder.spec)) if folder.program is not None else None,
        "mails": [mail_words(mail) for mail in folder.mails.values()],
        "faults": fault_list(folder.faults.faults),
        "warnings": fault_list(folder.faults.warnings),
    }


def _write(said: dict[str, Any], program_id: int) -> dict[str, Any]:
    close_session()
    with runtime().sessions.begin() as session:
        revision = _write_program(session, said, program_id, said["revision"])
        for mail in said.get("mails", ()):
            words = {name: value for name, value in mail.items() if name != "key" and value is not missing}
            revision = edit_draft.write_mail(
                session, program_id, revision, mail["key"], words, by=door.actor(), now=now()
            ).revision
        for key in said.get("remove_mails", ()):
            revision = edit_draft.remove_mail(
                session, program_id, revision, key, by=door.actor(), now=now()
            ).revision
    return _draft(program_id)


def _write_program(session: Any, said: dict[str, Any], program_id: int, revision: int) -> int:
    by = door.actor()
    if "yaml" in said:
        done = edit_draft.write_yaml(session, program_id, revision, said["yaml"], by=by, now=now())
        return done.revision
    if "program" in said:
        done = edit_draft.change_program(
            session, program_id, revision, lambda _spec: said["program"], what="program", by=by, now=now()
        )
        return done.revision
    return revision


def _plan(program_id: int) -> dict[str, Any]:
    session = page_session()
    planned = live_edits.plan_of(session, program_id)
    found = planned.plan
    effects = found.effects if found is not None else ()
    return {
        "revision": planned.draft.revision,
        "live_version": planned.draft.live_no,
        "inside": found.inside if found is not None else 0,
        "on_older_versions": found.elsewhere if found is not None else 0,
        "changes": changes_in_words(planned.difference),
        "sentences": plan_in_words(found, lambda _chain, key: key) if found is not None else [],
        "effects": [
            {"what": one.what, "chain": one.temperature, "step": one.step_key, "leads": one.n, "to": one.to}
            for one in effects
        ],
        "difference": difference_of(planned.difference),
        "faults": fault_list(planned.folder.faults.faults),
        "warnings": fault_list(planned.folder.faults.warnings),
        "overtaken_by": planned.overtaken,
    }
