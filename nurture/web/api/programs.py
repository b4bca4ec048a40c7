"""/programs and /chains: what runs, how many stand where; published, paused and resumed."""

from typing import Any

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import enroll_leads, live_edits, pause_programs
from nurture.rules.words import _
from nurture.store.views import programs as view
from nurture.store.views.programs import Board, Lane, ProgramLine
from nurture.web.api import door
from nurture.web.api.drafts import went_live
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.drafts import PublishIn, WentLiveOut
from nurture.web.api.schemas.programs import (
    ChainOut,
    EnrolledOut,
    EnrollIn,
    HeldIn,
    HeldOut,
    ProgramOut,
    ProgramWhole,
)
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("programs", "Nurture programs: a chain for each temperature.")


@part.route("/programs", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(ProgramOut))
def list_programs(asked: dict[str, Any]) -> dict[str, Any]:
    """Programs, in the order they were made."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = sorted(view.listing(page_session()), key=lambda row: row.id)
    later = [row for row in rows if place is None or row.id > place[0]]
    page = door.cut(later, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_line(row) for row in page["data"]]}


@part.route("/programs/<int:program_id>", methods=["GET"])
@part.response(200, ProgramWhole)
def one(program_id: int) -> dict[str, Any]:
    """One program: its definition, its chains, and how many leads went through each step."""
    return _whole(program_id)


@part.route("/programs/<int:program_id>/publish", methods=["POST"])
@part.arguments(PublishIn)
@part.response(200, WentLiveOut)
def publish(said: dict[str, Any], program_id: int) -> dict[str, Any]:
    """Make the draft live (the newest version, while nothing is drafted): those inside move to it by the
    keys of their steps or finish on theirs, and leads that fit enter."""
    return _publish(program_id, said)


@part.route("/programs/<int:program_id>/pause", methods=["POST"])
@part.response(200, ProgramWhole)
def pause(program_id: int) -> dict[str, Any]:
    """Nobody enters, nothing is sent, everybody stays where they stand."""
    _known(program_id)
    with runtime().sessions.begin() as session:
        pause_programs.pause(session, program_id, now=now(), by=door.actor())
    return _whole(program_id)


@part.route("/programs/<int:program_id>/resume", methods=["POST"])
@part.response(200, ProgramWhole)
def resume(program_id: int) -> dict[str, Any]:
    """Go on; what came due meanwhile is taken one after the other, what is too late held for a person."""
    _known(program_id)
    with runtime().sessions.begin() as session:
        pause_programs.resume(session, program_id, now=now(), by=door.actor())
    runtime().wake("advance")
    return _whole(program_id)


@part.route("/programs/<int:program_id>/held", methods=["POST"])
@part.arguments(HeldIn)
@part.response(200, HeldOut)
def held(said: dict[str, Any], program_id: int) -> dict[str, Any]:
    """Decide about the steps that a pause made too late: take them after all, or leave their mails out."""
    _known(program_id)
    with runtime().sessions.begin() as session:
        decided = pause_programs.decide_held(
            session, program_id, go_on=said["go_on"], now=now(), by=door.actor()
        )
    runtime().wake("advance")
    return {"decided": decided}


@part.route("/chains", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(ChainOut))
def list_chains(asked: dict[str, Any]) -> dict[str, Any]:
    """The chains of all programs."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = sorted(_chains(), key=lambda chain: chain["id"])
    later = [row for row in rows if place is None or row["id"] > place[0]]
    return door.cut(later, asked["limit"], lambda row: (row["id"],))


@part.route("/chains/<int:chain_id>", methods=["GET"])
@part.response(200, ChainOut)
def chain(chain_id: int) -> dict[str, Any]:
    """One chain, each step with its counts."""
    return _chain(chain_id)


@part.route("/chains/<int:chain_id>/publish", methods=["POST"])
@part.arguments(PublishIn)
@part.response(200, WentLiveOut)
def publish_chain(said: dict[str, Any], chain_id: int) -> dict[str, Any]:
    """Publish the program of this chain: the chains of a program go live together."""
    return _publish(_chain(chain_id)["program_id"], said)


@part.route("/chains/<int:chain_id>/pause", methods=["POST"])
@part.response(200, ChainOut)
def pause_chain(chain_id: int) -> dict[str, Any]:
    """Stop this chain alone; everybody in it stays where they stand."""
    return _switch_chain(chain_id, paused=True)


@part.route("/chains/<int:chain_id>/resume", methods=["POST"])
@part.response(200, ChainOut)
def resume_chain(chain_id: int) -> dict[str, Any]:
    """Let this chain go on."""
    return _switch_chain(chain_id, paused=False)


@part.route("/chains/<int:chain_id>/enroll", methods=["POST"])
@part.arguments(EnrollIn)
@part.response(200, EnrolledOut)
def enroll(said: dict[str, Any], chain_id: int) -> dict[str, Any]:
    """Put leads into this chain, whatever its entry asks for. Who stands in the program stays there; consent,
    windows and caps hold as always when mails are due."""
    lead_ids, emails = said["lead_ids"], said["emails"]
    if not 0 < len(lead_ids) + len(emails) <= enroll_leads.MOST:
        sentence = _("Name between one and {most} leads, by lead_ids or emails.")
        sentence = sentence.format(most=f"{enroll_leads.MOST:,}")
        raise Invalid(sentence, {"lead_ids": [sentence]})
    with runtime().sessions.begin() as session:
        done = enroll_leads.enroll_leads(
            session, chain_id, lead_ids, emails, said["step"], by=door.actor(), now=now()
        )
    runtime().wake("advance")
    data = [{"lead_id": one.lead_id, "entered": one.entered, "reason": one.reason} for one in done]
    return {"entered": sum(one.entered for one in done), "data": data}


def _publish(program_id: int, said: dict[str, Any]) -> dict[str, Any]:
    _known(program_id)
    with runtime().sessions.begin() as session:
        done = live_edits.publish_draft(
            session,
            program_id,
            revision=said["revision"],
            inside=said["inside"],
            now=now(),
            by=door.actor(),
        )
    return went_live(done)


def _switch_chain(chain_id: int, *, paused: bool) -> dict[str, Any]:
    _chain(chain_id)
    close_session()
    with runtime().sessions.begin() as session:
        if paused:
            switched = pause_programs.pause_chain(session, chain_id, now=now(), by=door.actor())
        else:
            switched = pause_programs.resume_chain(session, chain_id, now=now(), by=door.actor())
    if not switched:
        raise Conflict(_("This chain is paused already.") if paused else _("This chain is not paused."))
    runtime().wake("advance")
    return _chain(chain_id)


def _known(program_id: int) -> None:
    if all(row.id != program_id for row in view.listing(page_session())):
        raise NotFound(_("There is no such program."))
    close_session()


def _whole(program_id: int) -> dict[str, Any]:
    close_session()
    board = view.board(page_session(), program_id, now=now())
    if board is None:
        raise NotFound(_("There is no such program."))
    return {
        "id": board.program.id,
        "key": board.program.key,
        "name": board.program.name,
        "state": board.program.state,
        "version": board.no,
        "draft_version": board.draft_no,
        "published_at": moment(board.published_at),
        "definition": plain(board.spec),
        "chains": _lanes(board),
    }


def _chains() -> list[dict[str, Any]]:
    close_session()
    session = page_session()
    boards = [view.board(session, row.id, now=now()) for row in view.listing(session)]
    return [lane for board in boards if board is not None for lane in _lanes(board)]


def _chain(chain_id: int) -> dict[str, Any]:
    found = next((chain for chain in _chains() if chain["id"] == chain_id), None)
    if found is None:
        raise NotFound(_("There is no such chain."))
    return found


def _lanes(board: Board) -> list[dict[str, Any]]:
    return [_lane(board.program.id, temperature, lane) for temperature, lane in sorted(board.lanes.items())]


def _lane(program_id: int, temperature: str, lane: Lane) -> dict[str, Any]:
    return {
        "id": lane.chain_id,
        "program_id": program_id,
        "temperature": temperature,
        "paused": lane.paused,
        "inside": lane.inside,
        "steps": [
            {"key": key, "waiting": max(0, one.get("entered", 0) - one.get("left", 0)), **one}
            for key, one in lane.steps.items()
        ],
    }


def _line(row: ProgramLine) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "name": row.name,
        "state": row.state,
        "live_version": row.live_no,
        "draft_version": row.draft_no,
        "inside": row.inside,
    }
