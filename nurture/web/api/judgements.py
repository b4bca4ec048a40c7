"""Readiness and potential: who is next, what another threshold would mean, and what is set by hand."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from nurture.errors import NotFound
from nurture.flows import judge_by_hand as flow
from nurture.rules import readiness_gap, threshold
from nurture.rules.model import HeatModel
from nurture.rules.portrait import LEAST, portrait
from nurture.rules.threshold import Scored
from nurture.rules.words import _
from nurture.store import potential as potential_store
from nurture.store import readiness_now
from nurture.store.readiness_now import Line
from nurture.store.views.model import default_model
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.judgements import (
    FutureIn,
    GradeIn,
    LaterOut,
    NearlyOut,
    PotentialOut,
    WhatIfOut,
    WhatIfQuery,
)
from nurture.web.request import now, page_session, runtime

part = door.Part("judgements", "Readiness and potential: who is next, what if, grades and dates by hand.")
_NEAR = 15.0
_SHOWN = 20
_LATER = 200
_LATELY = timedelta(days=14)


@part.route("/readiness/what_if", methods=["GET"])
@part.arguments(WhatIfQuery, location="query")
@part.response(200, WhatIfOut)
def what_if(asked: dict[str, Any]) -> dict[str, Any]:
    """Who would be handed over today with another threshold, and what the past says of it."""
    session, model, rise = page_session(), _model(), asked["rise"]
    handed = [
        Scored(one.score, one.handed, one.answered, one.accepted, one.won)
        for one in readiness_now.handed(session)
    ]
    ripest = readiness_now.ripe(session, model, rise, now=now(), limit=_SHOWN)
    return {
        "rise": rise,
        "leads": threshold.today(readiness_now.histogram(session, model, now=now()), rise),
        "ripest": [{"lead_id": one.lead_id, "name": one.name, "score": one.score} for one in ripest],
        "past": asdict(threshold.past(handed, rise)),
    }


@part.route("/readiness/nearly", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(NearlyOut))
def nearly(asked: dict[str, Any]) -> dict[str, Any]:
    """Who is about to become ready, the nearest first, with what each lacks."""
    place = door.place_of(asked["cursor"], (float, door.whole))
    model = _model()
    rows = readiness_now.nearly(
        page_session(),
        model,
        within=_NEAR,
        after=(place[0], place[1]) if place else None,
        now=now(),
        limit=asked["limit"] + 1,
    )
    page = door.cut(rows, asked["limit"], lambda row: (row.score, row.lead_id))
    return {**page, "data": [_nearly(model, one) for one in page["data"]]}


@part.route("/readiness/later", methods=["GET"])
@part.response(200, LaterOut)
def later() -> dict[str, Any]:
    """The next two hundred leads whose time is later, with the date; and those who came back lately."""
    rows = readiness_now.coming_back(page_session(), limit=_LATER)
    came = readiness_now.came_back(page_session(), since=now() - _LATELY, limit=_LATER)
    return {
        "data": [{**asdict(one), "future_at": moment(one.future_at)} for one in rows],
        "came_back": [{**asdict(one), "at": moment(one.at)} for one in came],
    }


@part.route("/potential", methods=["GET"])
@part.response(200, PotentialOut)
def potential() -> dict[str, Any]:
    """Grade by temperature, and what customers share against all leads."""
    session = page_session()
    leads, won = potential_store.sizes(session)
    counts = [
        (one.field, one.value, one.won, one.leads) for one in potential_store.shared(session, least=LEAST)
    ]
    return {
        "leads": leads,
        "won": won,
        "quality": [
            {"grade": grade or None, "temperature": warm, "leads": count}
            for (grade, warm), count in sorted(potential_store.quality(session).items())
        ],
        "portrait": [
            {**asdict(one), "lift": one.lift, "points": one.points} for one in portrait(counts, leads, won)
        ],
    }


@part.route("/leads/<int:lead_id>/grade", methods=["PUT"])
@part.arguments(GradeIn)
@part.response(204)
def set_grade(said: dict[str, Any], lead_id: int) -> None:
    """Set the grade of a lead by hand, with the reason."""
    with runtime().sessions.begin() as session:
        flow.set_grade(session, lead_id, said["grade"], said["reason"], now=now(), by=door.actor())


@part.route("/leads/<int:lead_id>/future", methods=["PUT"])
@part.arguments(FutureIn)
@part.response(204)
def set_future(said: dict[str, Any], lead_id: int) -> None:
    """Let a lead come back at a date; until then it is nurtured and not handed over."""
    with runtime().sessions.begin() as session:
        flow.set_future(session, lead_id, said["at"], now=now(), by=door.actor())


def _model() -> HeatModel:
    model = default_model(page_session())
    if model is None:
        raise NotFound(_("There is no default model yet."))
    return model


def _nearly(model: HeatModel, one: Line) -> dict[str, Any]:
    grade = (one.grade, one.grade_points)
    lead = readiness_gap.stands(one.score, one.temperature, one.heat, grade, one.points, one.bant)
    shown = {
        name: getattr(one, name) for name in ("lead_id", "name", "company", "score", "temperature", "grade")
    }
    lacks = readiness_gap.missing(model, lead)
    return {**shown, "lacks": lacks, "could_come": readiness_gap.could_come(model, lead)}
