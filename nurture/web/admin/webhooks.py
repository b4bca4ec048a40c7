"""Webhooks out: who listens, what was told, every attempt, and telling it again."""

import json
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows.post_webhooks import replay as replay_message
from nurture.rules.words import _, ngettext
from nurture.store.views import webhooks as view
from nurture.web.admin.receiver_form import shown_url
from nurture.web.request import now, page_session, runtime, signed_in
from nurture.webhooks.presets import PRESETS

pages = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@pages.get("")
def index() -> ResponseReturnValue:
    rows = [(row, shown_url(row.url)) for row in view.endpoints(page_session())]
    return render_template("admin/webhooks/index.html", endpoints=rows, presets=PRESETS)


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
    return render_template(
        "admin/webhooks/message.html",
        page=page,
        message=page.message,
        body=_indented(page.message.body),
        indented=_indented,
        shown_url=shown_url,
    )


@pages.post("/messages/<message_id>/replay")
def replay(message_id: str) -> ResponseReturnValue:
    """The same bytes under the same id, to every endpoint it went to."""
    with runtime().sessions.begin() as session:
        posts = replay_message(session, message_id, now(), signed_in().actor)
    runtime().wake("post_webhooks")
    flash(ngettext("It is sent again to %s receiver.", "It is sent again to %s receivers.", posts) % posts)
    return redirect(url_for("webhooks.message", message_id=message_id))


def _indented(body: bytes) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def _place(text: str) -> tuple[datetime, str] | None:
    at, tilde, message_id = text.partition("~")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (instant, message_id) if tilde and instant.tzinfo else None
