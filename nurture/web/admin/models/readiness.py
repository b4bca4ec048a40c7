"""Who is about to become ready, what another threshold would mean, and who comes back when."""

from datetime import timedelta
from math import isfinite
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.rules import readiness_gap, threshold
from nurture.rules.model import HeatModel
from nurture.rules.threshold import Scored
from nurture.store import readiness_now as store
from nurture.store.readiness_now import Line
from nurture.store.views.model import default_model
from nurture.web import query
from nurture.web.admin.models.part import pages
from nurture.web.request import now, page_session

_PAGE = 50
_NEAR = 15.0
_SHOWN = 8
_LATELY = timedelta(days=14)


@pages.get("/models/readiness")
def readiness() -> ResponseReturnValue:
    """Who is nearly ready with what each lacks, and the answer to another threshold."""
    session = page_session()
    model = default_model(session)
    if model is None:
        return render_template("admin/models/readiness.html", model=None)
    rows = store.nearly(session, model, within=_NEAR, after=_after(), now=now(), limit=_PAGE + 1)
    last = rows[_PAGE - 1] if len(rows) > _PAGE else None
    return render_template(
        "admin/models/readiness.html",
        model=model,
        rows=[(one, *_lacks(model, one)) for one in rows[:_PAGE]],
        near=_NEAR,
        older=url_for("models.readiness", score=last.score, after=last.lead_id) if last else None,
        back=store.coming_back(session, limit=_PAGE),
        came=store.came_back(session, since=now() - _LATELY, limit=_SHOWN),
        **_what_if(model),
    )


@pages.get("/models/readiness/what-if")
def what_if() -> ResponseReturnValue:
    """Who would be handed over today with the threshold of the address, as a fragment."""
    model = default_model(page_session())
    if model is None:
        return "", 204
    return render_template("admin/models/what_if.html", model=model, **_what_if(model))


def _what_if(model: HeatModel) -> dict[str, Any]:
    session = page_session()
    rise = min(max(query.number("rise") or round(model.readiness.rise), 1), 100)
    handed = [
        Scored(one.score, one.handed, one.answered, one.accepted, one.won) for one in store.handed(session)
    ]
    histogram = store.histogram(session, model, now=now())
    return {
        "rise": rise,
        "today": threshold.today(histogram, rise),
        "past": threshold.past(handed, rise),
        "ripest": store.ripe(session, model, rise, now=now(), limit=_SHOWN),
    }


def _lacks(model: HeatModel, one: Line) -> tuple[list[str], list[str]]:
    grade = (one.grade, one.grade_points)
    lead = readiness_gap.stands(one.score, one.temperature, one.heat, grade, one.points, one.bant)
    return readiness_gap.missing(model, lead), readiness_gap.could_come(model, lead)


def _after() -> tuple[float, int] | None:
    place = query.number("after")
    try:
        score = float(request.args.get("score", ""))
    except ValueError:
        return None
    return (score, place) if place is not None and isfinite(score) else None
