"""Settings: keys of the programs that call the API."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import keys
from nurture.rules.words import _
from nurture.store.views import settings as views
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("keys", __name__, url_prefix="/settings/keys")


@pages.get("")
def index() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("")
def create() -> ResponseReturnValue:
    """The key's text stands in this one answer and is never shown again."""
    form = request.form
    try:
        with runtime().sessions.begin() as session:
            text = keys.create_key(
                session, form.get("name", ""), form.get("role", ""), now=now(), by=signed_in().id
            )
    except Invalid as refusal:
        return _page(dict(form), refusal.errors), 422
    return _page({}, {}, fresh=text), 201


@pages.post("/<int:key_id>/revoke")
def revoke(key_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        keys.revoke_key(session, key_id, by=signed_in().actor, now=now())
    flash(_("The key is revoked: whoever used it is refused from now on."))
    return redirect(url_for("keys.index"))


def _page(answers: dict[str, str], errors: dict[str, list[str]], fresh: str = "") -> str:
    return render_template(
        "admin/settings/keys.html",
        keys=views.keys(page_session()),
        answers=answers,
        errors=errors,
        fresh=fresh,
    )
