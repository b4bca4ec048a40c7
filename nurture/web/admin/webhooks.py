"""Webhooks out: receivers, messages, every attempt, tests and replays."""

import json
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.flows import endpoints
from nurture.flows.post_webhooks import replay as replay_message
from nurture.rules.messages import TYPES
from nurture.rules.words import _, ngettext
from nurture.store.views import webhooks as view
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@pages.get("")
def index() -> ResponseReturnValue:
    return _endpoints({}, {})


@pages.post("")
def create() -> ResponseReturnValue:
    """The secret stands in this one answer and is never shown again."""
    url, types = request.form.get("url", ""), request.form.getlist("types")
    try:
        with runtime().sessions.begin() as session:
            made = endpoints.create_endpoint(
                session,
                runtime().vault,
                url,
                types,
                private=runtime().settings.allow_private_webhooks,
                by=signed_in().actor,
                now=now(),
            )
    except Invalid as refusal:
        return _endpoints({"url": url}, refusal.errors), 422
    return _endpoints({}, {}, secret=made.secret), 201


@pages.post("/<int:endpoint_id>")
def change(endpoint_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        endpoints.change_endpoint(
            session,
            endpoint_id,
            private=runtime().settings.allow_private_webhooks,
            by=signed_in().actor,
            now=now(),
            disabled=request.form.get("disabled") == "1",
        )
    runtime().wake("post_webhooks")
    return redirect(url_for("webhooks.index"))


@pages.post("/<int:endpoint_id>/test")
def test(endpoint_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        message_id = endpoints.try_endpoint(session, endpoint_id, now=now(), by=signed_in().actor)
    runtime().wake("post_webhooks")
    return redirect(url_for("webhooks.message", message_id=message_id))


@pages.get("/messages")
def messages() -> ResponseReturnValue:
    rows, next_after = view.messages(page_session(), after=_place(request.args.get("after", "")))
    after = f"{next_after[0].isoformat()}~{next_after[1]}" if next_after else None
    return render_template("admin/webhooks/messages.html", rows=rows, next_after=after)


@pages.get("/messages/<message_id>")
def message(message_id: str) -> ResponseReturnValue:
    page = view.message(page_session(), message_id)
    if page is None:
        raise NotFound(_("There is no such message."))
    body = json.dumps(json.loads(page.message.body), indent=2, ensure_ascii=False)
    return render_template("admin/webhooks/message.html", page=page, message=page.message, body=body)


@pages.post("/messages/<message_id>/replay")
def replay(message_id: str) -> ResponseReturnValue:
    """The same bytes under the same id, to every endpoint it went to."""
    with runtime().sessions.begin() as session:
        posts = replay_message(session, message_id, now(), signed_in().actor)
    runtime().wake("post_webhooks")
    flash(ngettext("It is sent again to %s receiver.", "It is sent again to %s receivers.", posts) % posts)
    return redirect(url_for("webhooks.message", message_id=message_id))


def _endpoints(answers: dict[str, str], errors: dict[str, list[str]], secret: str = "") -> str:
    return render_template(
        "admin/webhooks/index.html",
        endpoints=view.endpoints(page_session()),
        types=[kind for kind in TYPES if kind != "webhook.test"],
        answers=answers,
        errors=errors,
        secret=secret,
    )


def _place(text: str) -> tuple[datetime, str] | None:
    at, tilde, message_id = text.partition("~")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (instant, message_id) if tilde and instant.tzinfo else None
