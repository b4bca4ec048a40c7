"""/chains/{id}/stats and /programs/{id}/stats: in, out, why, how long, and whether it helped."""

from datetime import timedelta
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows import statistics as flow
from nurture.flows.statistics import Asked, ChainStatistics, StepFigures
from nurture.flows.why import chain_stats
from nurture.rules.statistics import figures
from nurture.rules.statistics.comparing import Comparison, Group, Interval
from nurture.rules.statistics.figures import Arm, Goals, MailFigures, Passage
from nurture.web.api import door
from nurture.web.api.schemas.statistics import ChainStatisticsOut, ProgramStatisticsOut, StatisticsQuery
from nurture.web.api.why import sends_before_live, step_said
from nurture.web.request import now, page_session
from nurture.web.statistics_file import csv_file

part = door.Part("statistics", "What becomes of those who go through a chain.")
_CSV: dict[str, Any] = {
    "responses": {
        "200": {"description": "The file, UTF-8", "content": {"text/csv": {"schema": {"type": "string"}}}}
    }
}


@part.route("/chains/<int:chain_id>/stats", methods=["GET"])
@part.arguments(StatisticsQuery, location="query")
@part.response(200, ChainStatisticsOut)
def chain(asked: dict[str, Any], chain_id: int) -> dict[str, Any]:
    """What happened at each step, who waits there for what, how they left, and who met the goal."""
    session, wanted = page_session(), Asked(**asked)
    found = flow.of_chain(session, chain_id, wanted, now=now())
    said = {one.key: step_said(one) for one in chain_stats(session, chain_id, live=sends_before_live())}
    steps = [{**said.pop(step.key, {}), **_step(step)} for step in found.steps]
    # Who finishes on an older version may stand at steps at which nothing was counted in this time.
    return _chain(found, wanted) | {"steps": [*steps, *said.values()]}


@part.route("/chains/<int:chain_id>/stats.csv", methods=["GET"])
@part.arguments(StatisticsQuery, location="query")
@part.doc(**_CSV)
def chain_file(asked: dict[str, Any], chain_id: int) -> ResponseReturnValue:
    """The same as a table: a line for the chain, each step and each way."""
    return csv_file("statistics.csv", [flow.of_chain(page_session(), chain_id, Asked(**asked), now=now())])


@part.route("/programs/<int:program_id>/stats", methods=["GET"])
@part.arguments(StatisticsQuery, location="query")
@part.response(200, ProgramStatisticsOut)
def program(asked: dict[str, Any], program_id: int) -> dict[str, Any]:
    """The chains of a program, and all of them together: a lead counts once, by its first way in."""
    wanted = Asked(**asked)
    found = flow.of_program(page_session(), program_id, wanted, now=now())
    return {
        "program_id": found.program_id,
        "since": found.since.isoformat() if found.since is not None else None,
        "version": wanted.version,
        "within_days": found.within / timedelta(days=1),
        "converted": _arm(found.converted),
        "held_out": _arm(_alone(found.held_out)),
        "lift": _comparison(found.lift),
        "goals": _goals(found.goals),
        "chains": [_chain(one, wanted) for one in found.chains],
    }


@part.route("/programs/<int:program_id>/stats.csv", methods=["GET"])
@part.arguments(StatisticsQuery, location="query")
@part.doc(**_CSV)
def program_file(asked: dict[str, Any], program_id: int) -> ResponseReturnValue:
    """The chains of a program as a table."""
    found = flow.of_program(page_session(), program_id, Asked(**asked), now=now())
    return csv_file("statistics.csv", found.chains)


def _chain(found: ChainStatistics, wanted: Asked) -> dict[str, Any]:
    return {
        "chain_id": found.chain.id,
        "temperature": found.chain.temperature,
        "since": found.since.isoformat() if found.since is not None else None,
        "version": wanted.version,
        "within_days": found.within / timedelta(days=1),
        "passage": _passage(found.passage),
        "converted": _arm(found.converted),
        "held_out": _arm(_alone(found.held_out)),
        "lift": _comparison(found.lift),
        "goals": _goals(found.goals),
        "steps": [_step(step) for step in found.steps],
    }


def _step(step: StepFigures) -> dict[str, Any]:
    return {
        "key": step.key,
        "older": step.gone,
        "passage": _passage(step.passage),
        "mails": _mails(step.mails),
        "ways": [_arm(one) for one in step.ways],
    }


def _passage(one: Passage) -> dict[str, Any]:
    exits = one.exits
    return {
        "came": one.came,
        "entered": dict(one.entered),
        "left": dict(one.left),
        "went_on": exits.on,
        "goal": exits.goal,
        "other_chain": exits.over,
        "end": exits.done,
        "edited": exits.edited,
        "dropped": exits.out,
        "moved_in": one.moved_in,
        "moved_out": one.moved_out,
        "median_seconds": one.median_s,
        "mean_seconds": one.mean_s,
    }


def _mails(one: MailFigures) -> dict[str, Any]:
    return {name: getattr(one, name) for name in MailFigures.__dataclass_fields__} | {
        "not_sent": dict(one.not_sent)
    }


def _goals(one: Goals) -> dict[str, Any]:
    return {
        "met": one.met,
        "held_out": one.held_out,
        "worth": {currency: float(total) for currency, total in one.worth.items()},
    }


def _arm(one: Arm) -> dict[str, Any]:
    return {
        "way": one.way,
        "leads": one.group.leads,
        "met": one.group.met,
        "rate": one.group.rate,
        "interval": _interval(one.interval),
        "against": _comparison(one.against),
    }


def _alone(group: Group) -> Arm:
    return figures.arms({"held_out": group})[0]


def _interval(one: Interval) -> dict[str, float]:
    return {"low": one.low, "high": one.high}


def _comparison(one: Comparison | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "difference": one.difference,
        "interval": _interval(one.interval),
        "relative": one.relative,
        "verdict": one.verdict,
        "leads_needed": one.leads_needed,
        "leads_needed_against": one.leads_needed_against,
        "goals_needed": one.goals_needed,
    }
