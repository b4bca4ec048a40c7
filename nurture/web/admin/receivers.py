"""One receiver of webhooks: what it gets and in which shape, its keys, its health, and what goes again."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import endpoints, shape_messages
from nurture.flows.post_webhooks import Range, replay_range
from nurture.rules.messages import TYPES
from nurture.rules.words import _, ngettext
from nurture.store import webhook_endpoints
from nurture.store.views import webhooks as view
from nurture.store.webhooks import WebhookEndpoint
from nurture.web.admin import receiver_form as form
from nurture.web.query import chosen
from nurture.web.rendering import zone
from nurture.web.request import close_session, now, page_session, runtime, signed_in
from nurture.webhooks import catalogue
from nurture.webhooks.presets import NAMED, PRESETS

pages = Blueprint("receivers", __name__, url_prefix="/webhooks")
_LISTENED = [kind for kind in TYPES if kind != "webhook.test"]


@pages.get("/new")
def new() -> ResponseReturnValue:
    """A form for a receiver of one's own, or filled in for a known program."""
    preset = NAMED.get(chosen("preset", tuple(NAMED)))
    return _form(None, form.answers_from(preset), {}, preset=preset)


@pages.post("")
def create() -> ResponseReturnValue:
    """The secret stands in this one answer and is never shown again."""
    preset = NAMED.get(request.form.get("preset", ""))
    try:
        with runtime().sessions.begin() as session:
            made = endpoints.create_endpoint(
                session, runtime().vault, form.receiver_of(request.form), **_allowed()
            )
    except Invalid as refusal:
        return _form(None, form.answers_typed(request.form), refusal.errors, preset=preset), 422
    return _one(made.id, {"secret": made.secret}), 201


@pages.get("/<int:endpoint_id>")
def one(endpoint_id: int) -> ResponseReturnValue:
    return _one(endpoint_id, {})


@pages.post("/<int:endpoint_id>/change")
def change(endpoint_id: int) -> ResponseReturnValue:
    """What was typed, or everything back with its sentences."""
    row = _row(endpoint_id)
    wanted = form.receiver_of(request.form, row.filter)
    close_session()
    try:
        with runtime().sessions.begin() as session:
            endpoints.change_endpoint(session, runtime().vault, endpoint_id, wanted, **_allowed())
    except Invalid as refusal:
        return _form(_row(endpoint_id), form.answers_typed(request.form), refusal.errors), 422
    flash(_("Saved. The next message goes out this way."))
    return redirect(url_for("receivers.one", endpoint_id=endpoint_id))


@pages.post("/preview")
def preview() -> ResponseReturnValue:
    """What the example would become, while one is typing; or what is wrong, by its place."""
    types = request.form.getlist("types")
    kind = request.form.get("kind", "")
    kind = kind if kind in TYPES else next((name for name in types if name in TYPES), "lead.hot")
    mapping, faults = request.form.get("mapping", "").strip(), []
    shown = catalogue.example(kind)
    try:
        shown = shape_messages.preview(mapping, kind) if mapping else shown
    except Invalid as refusal:
        faults = refusal.errors.get("mapping", [str(refusal)])
    return render_template(
        "admin/webhooks/preview.html", body=_indented(shown), faults=faults, kind=kind, mapped=mapping
    )


@pages.post("/<int:endpoint_id>/secret")
def new_secret(endpoint_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        secret = endpoints.rotate_secret(session, runtime().vault, endpoint_id, **_by())
    return _one(endpoint_id, {"secret": secret})


@pages.post("/<int:endpoint_id>/signing-key")
def new_signing_key(endpoint_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        endpoints.make_signing_key(session, runtime().vault, endpoint_id, **_by())
    flash(_("Messages carry a signature by this key too from now on."))
    return redirect(url_for("receivers.one", endpoint_id=endpoint_id))


@pages.post("/<int:endpoint_id>/forget-keys")
def forget_keys(endpoint_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        endpoints.forget_old_keys(session, endpoint_id, **_by())
    flash(_("Only the newest keys sign from now on."))
    return redirect(url_for("receivers.one", endpoint_id=endpoint_id))


@pages.post("/<int:endpoint_id>/replay")
def replay(endpoint_id: int) -> ResponseReturnValue:
    """What was written in a stretch of time, to this receiver alone."""
    typed = request.form
    try:
        wanted = Range(
            _moment(typed.get("from", ""), "from"),
            _moment(typed.get("to", ""), "to"),
            endpoint_id,
            delivered_too=typed.get("all") == "1",
        )
        with runtime().sessions.begin() as session:
            posts = replay_range(session, wanted, **_by())
    except Invalid as refusal:
        return _form(_row(endpoint_id), {}, refusal.errors, again=typed), 422
    runtime().wake("post_webhooks")
    flash(ngettext("%s message is sent again.", "%s messages are sent again.", posts) % posts)
    return redirect(url_for("receivers.one", endpoint_id=endpoint_id))


@pages.post("/<int:endpoint_id>/switch")
def switch(endpoint_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        endpoints.change_endpoint(
            session,
            runtime().vault,
            endpoint_id,
            endpoints.Receiver(),
            disabled=request.form.get("disabled") == "1",
            **_allowed(),
        )
    runtime().wake("post_webhooks")
    return redirect(url_for("receivers.one", endpoint_id=endpoint_id))


@pages.post("/<int:endpoint_id>/test")
def test(endpoint_id: int) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            message_id = endpoints.try_endpoint(session, endpoint_id, **_by())
    except Conflict as refusal:
        flash(str(refusal))
        return redirect(url_for("receivers.one", endpoint_id=endpoint_id))
    runtime().wake("post_webhooks")
    return redirect(url_for("webhooks.message", message_id=message_id))


@pages.get("/types")
def types() -> ResponseReturnValue:
    """Every type with its example and its schema."""
    told = [catalogue.described(kind) for kind in TYPES]
    return render_template("admin/webhooks/types.html", told=told, indented=_indented)


def _indented(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _allowed() -> dict[str, Any]:
    return {"private": runtime().settings.allow_private_webhooks, **_by()}


def _by() -> dict[str, Any]:
    return {"by": signed_in().actor, "now": now()}


def _moment(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        sentence = _("Say when: a date and time.")
        raise Invalid(sentence, {field: [sentence]}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone())


def _row(endpoint_id: int) -> WebhookEndpoint:
    row = webhook_endpoints.get(page_session(), endpoint_id)
    if row is None:
        raise NotFound(_("There is no such webhook endpoint."))
    return row


def _one(endpoint_id: int, fresh: Mapping[str, str]) -> str:
    close_session()
    return _form(_row(endpoint_id), {}, {}, fresh=fresh)


def _form(
    row: WebhookEndpoint | None, answers: Mapping[str, Any], errors: Mapping[str, Any], **more: Any
) -> str:
    return render_template(
        "admin/webhooks/receiver.html",
        row=row,
        answers=answers or (form.answers_of(row) if row else {}),
        errors=errors,
        types=_LISTENED,
        presets=PRESETS,
        asked=form.ASKED,
        ways=form.WAYS,
        health=view.health(page_session(), row.id) if row else None,
        **{"preset": None, "fresh": {}, "again": {}, **more},
    )
