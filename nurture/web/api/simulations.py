"""/programs/{id}/simulate and /simulations: a program is played through, nothing is sent."""

from dataclasses import asdict
from typing import Any

from nurture.errors import NotFound
from nurture.flows.simulate.asking import ask
from nurture.flows.simulate.trying import Trial
from nurture.flows.simulate.trying import try_out as flow_try_out
from nurture.rules.words import _
from nurture.store import simulations
from nurture.store.programs import ProgramRow
from nurture.store.simulations import Simulation
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.simulations import PathIn, PathOut, SimulationIn, SimulationOut
from nurture.web.request import now, page_session, runtime

part = door.Part("simulations", "A program played through in memory: what would go out, who would turn hot.")


@part.route("/programs/<int:program_id>/simulate", methods=["POST"])
@part.arguments(SimulationIn)
@part.response(202, SimulationOut, description="On its way: ask for it again at its address.")
def simulate(asked: dict[str, Any], program_id: int) -> tuple[dict[str, Any], int]:
    """Simulate the draft or the live version of a program. Nothing is sent and no lead is changed."""
    with runtime().sessions.begin() as session:
        number, _settings = ask(session, program_id, asked, by=door.actor(), now=now())
    with runtime().sessions() as session:
        return _shown(_found(simulations.get(session, number))), 202


@part.route("/programs/<int:program_id>/simulations", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(SimulationOut))
def list_simulations(asked: dict[str, Any], program_id: int) -> dict[str, Any]:
    """The simulations of a program that are kept, the newest first, without their results."""
    session = page_session()
    if session.get(ProgramRow, program_id) is None:
        raise NotFound(_("There is no such program."))
    place = door.place_of(asked["cursor"], (door.whole,))
    limit = asked["limit"] + 1
    rows = simulations.listed(session, program_id, before=place[0] if place else None, limit=limit)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    lines = [
        {
            "id": row.id,
            "program_id": program_id,
            "state": row.state,
            "progress": row.progress,
            "settings": row.settings,
            "created_at": moment(row.created_at),
            "url": f"/api/v1/simulations/{row.id}",
        }
        for row in page["data"]
    ]
    return {**page, "data": lines}


@part.route("/programs/<int:program_id>/try", methods=["POST"])
@part.arguments(PathIn)
@part.response(202, PathOut, description="The mails are on their way.")
def try_out(asked: dict[str, Any], program_id: int) -> tuple[dict[str, Any], int]:
    """Send every mail of one path to a test address at once, waits skipped. Counted nowhere."""
    trial = Trial(asked["version"], asked["chain"], asked["opens"], asked["clicks"], asked["lead_id"])
    with runtime().sessions.begin() as session:
        found = flow_try_out(
            session, program_id, trial, asked["email"], runtime().pepper, by=door.actor(), now=now()
        )
    runtime().wake("deliver")
    return {"mails": [asdict(one) for one in found]}, 202


@part.route("/simulations/<int:simulation_id>", methods=["GET"])
@part.response(200, SimulationOut)
def one(simulation_id: int) -> dict[str, Any]:
    """How far it is, and what came of it."""
    return _shown(_found(simulations.get(page_session(), simulation_id)))


def _found(row: Simulation | None) -> Simulation:
    if row is None:
        raise NotFound(_("There is no such simulation."))
    return row


def _shown(row: Simulation) -> dict[str, Any]:
    return {
        "id": row.id,
        "program_id": row.program_id,
        "state": row.state,
        "progress": row.progress,
        "settings": row.settings,
        "result": row.result,
        "error": row.error or None,
        "seconds": row.seconds,
        "created_at": moment(row.created_at),
        "url": f"/api/v1/simulations/{row.id}",
    }
