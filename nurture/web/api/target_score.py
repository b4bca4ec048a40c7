"""/target_score: a regression on the company's own outcomes, what it is worth, and what it says of a lead."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import model_work as worker
from nurture.flows import target as flow
from nurture.rules.target.reading import ANOTHER
from nurture.rules.words import _
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas.target_score import TargetOfLeadOut, TargetScoreOut, TrainIn
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("target-score", "The target score: learnt from won and lost deals.")


@part.route("/target_score", methods=["GET"])
@part.response(200, TargetScoreOut)
def standing() -> dict[str, Any]:
    """How many outcomes there are, how many are missing, and what the last training reached."""
    return _standing()


@part.route("/target_score/train", methods=["POST"])
@part.arguments(TrainIn)
@part.response(202, TargetScoreOut)
def train(said: dict[str, Any]) -> ResponseReturnValue:
    """Have it be trained: few outcomes at once, many by a worker. 409 for too few outcomes."""
    with runtime().sessions.begin() as session:
        work = flow.ask_training(session, now=now(), by=door.actor(), **said)
    if work.total <= worker.AT_ONCE:
        worker.carry_out(runtime().sessions, runtime().engine, work.id, runtime().now)
    close_session()
    return _standing(), 202


@part.route("/leads/<int:lead_id>/target", methods=["GET"])
@part.response(200, TargetOfLeadOut)
def of_lead(lead_id: int) -> dict[str, Any]:
    """How likely a lead is to be won, with the three factors that speak most for and against it."""
    found = flow.of_lead(page_session(), lead_id, now=now())
    if found is None:
        raise NotFound(_("No target score is in use, or there is no such lead."))
    return {
        "chance": round(found.chance, 4),
        "speaks_for": [plain(asdict(one)) for one in found.speaks_for],
        "speaks_against": [plain(asdict(one)) for one in found.speaks_against],
    }


def _standing() -> dict[str, Any]:
    found = flow.standing(page_session())
    return {
        "won": found.won,
        "lost": found.lost,
        "missing_won": found.missing_won,
        "missing_lost": found.missing_lost,
        "sentence": found.sentence or None,
        "state": found.work.state if found.work is not None else None,
        "active": found.trained is not None and found.trained.active,
        "trained_at": moment(found.trained.trained_at) if found.trained is not None else None,
        "report": _report(found.trained.report) if found.trained is not None else None,
    }


def _report(kept: Mapping[str, Any]) -> Any:
    """The report as it is kept; of its factors the value as people write it, `another` for all rare ones."""
    return plain({**kept, "factors": [_factor(one) for one in kept.get("factors", ())]})


def _factor(kept: Mapping[str, Any]) -> dict[str, Any]:
    level = "another" if kept["level"] == ANOTHER else kept.get("written") or kept["level"]
    return {name: value for name, value in kept.items() if name != "written"} | {"level": level}
