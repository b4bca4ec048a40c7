"""/overview: what happened lately, what needs a person, and how the funnel stands."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from nurture.store.views import overview as view
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.overview import OverviewOut, OverviewQuery
from nurture.web.request import now, page_session

part = door.Part("overview", "What happened lately, what needs a person, and how the funnel stands.")


@part.route("/overview", methods=["GET"])
@part.arguments(OverviewQuery, location="query")
@part.response(200, OverviewOut)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """What the first page shows, of the `days` before now."""
    session, since = page_session(), now() - timedelta(days=asked["days"])
    waiting = view.waiting(session, since)
    goals = view.goals(session, since)
    return {
        "since": moment(since),
        "happened": asdict(view.happened(session, since)),
        "goals": {"met": goals.n, "worth": {currency: float(sum_) for currency, sum_ in goals.worth.items()}},
        "waiting": {
            "handoffs_unanswered": waiting.handoffs_unanswered,
            "oldest_unanswered": moment(waiting.oldest_unanswered),
            "uncertain": waiting.uncertain,
            "failed": waiting.failed,
            "endpoints_disabled": waiting.endpoints_disabled,
            "endpoints_failing": waiting.endpoints_failing,
            "posts_given_up": waiting.posts_given_up,
            "transports": [one.sentence for one in waiting.transports],
            "drafts": [{"program_id": number, "name": name} for number, name in waiting.drafts],
        },
        "funnel": view.funnel(session),
    }
