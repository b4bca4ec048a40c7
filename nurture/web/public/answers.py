"""The signed answer link of lead.hot: sales answers without signing in, by a form or as a program."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.answer import Answered
from nurture.flows.answer import answer as take_answer
from nurture.rules.stages import OUTCOMES, takes
from nurture.rules.timing import zone_named
from nurture.rules.tokens import read
from nurture.rules.words import _
from nurture.store.views import public
from nurture.web.limits import limiter, link
from nurture.web.request import close_session, now, page_session, runtime
from nurture.web.sales.answering import FIELDS, outcome_of
from nurture.web.security import without_csrf

pages = Blueprint("answers", __name__)


@pages.get("/answer/<token>")
def form(token: str) -> ResponseReturnValue:
    """A small form; looking at it changes nothing."""
    return _page(token, {}, {})


@pages.post("/answer/<token>")
@without_csrf
@limiter.limit("60 per hour", key_func=link)
def answer(token: str) -> ResponseReturnValue:
    """Take the answer: JSON from a program, fields from the form. The token is the permission."""
    handoff_id, given = _handoff_id(token), _given()
    try:
        zone = _zone()
        close_session()
        with runtime().sessions.begin() as session:
            done = take_answer(session, handoff_id, outcome_of(given, zone), by="answer_link", now=now())
    except (Invalid, Conflict) as refusal:
        return _refused(token, given, refusal)
    runtime().wake("post_webhooks")
    if request.is_json:
        return jsonify(handoff_id=done.handoff_id, state=done.state, stage=done.stage)
    return _page(token, {}, {}, done=done)


def _handoff_id(token: str) -> int:
    ids = read(runtime().ring, "answer", token, 1)
    if ids is None:
        raise NotFound(_("This answer link is not complete."))
    return ids[0]


def _given() -> dict[str, Any]:
    if not request.is_json:
        return {name: value for name, value in request.form.items() if name in FIELDS}
    try:
        body = request.get_json()
    except BadRequest as fault:
        raise Invalid(_("The body is not JSON.")) from fault
    if not isinstance(body, dict):
        raise Invalid(_("The body is one JSON object with an outcome."))
    return body


def _refused(token: str, given: dict[str, Any], refusal: Invalid | Conflict) -> ResponseReturnValue:
    status = 422 if isinstance(refusal, Invalid) else 409
    errors = refusal.errors if isinstance(refusal, Invalid) else {"outcome": [str(refusal)]}
    if not request.is_json:
        return _page(token, given, errors), status
    problem = jsonify(
        type="about:blank",
        title=_("The answer was not taken."),
        status=status,
        detail=str(refusal),
        errors=errors,
    )
    problem.content_type = "application/problem+json"
    return problem, status


def _page(
    token: str, given: dict[str, Any], errors: dict[str, list[str]], done: Answered | None = None
) -> str:
    session = page_session()
    question = public.question(session, _handoff_id(token))
    if question is None:
        raise NotFound(_("There is no such hand-off."))
    return render_template(
        "public/answer.html",
        token=token,
        house=public.house(session),
        question=question,
        possible=[outcome for outcome in OUTCOMES if takes(question.state, outcome)],
        given=given,
        errors=errors,
        done=done,
    )


def _zone() -> ZoneInfo:
    return zone_named(public.house(page_session()).timezone) or ZoneInfo("UTC")
