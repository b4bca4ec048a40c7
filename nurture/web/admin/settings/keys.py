"""Settings: keys of the programs that call the API."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import keys
from nurture.rules.words import _
from nurture.store.views import settings as views
from nurture.web.rendering import lasting
from nurture.web.request import now, page_session, real_now, runtime, signed_in

_LIVES = (30, 90, 365)  # days

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
                session,
                form.get("name", ""),
                form.get("role", ""),
                now=now(),
                expires_at=keys.end_of(_days(form.get("days", "")), real_now=real_now()),
                by=signed_in().id,
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


def _days(said: str) -> int | None:
    """How many days the key shall live; "" is until it is revoked. What is no number is no length of time."""
    return (int(said) if said.isdecimal() and len(said) < 6 else 0) if said else None


def _page(answers: dict[str, str], errors: dict[str, list[str]], fresh: str = "") -> str:
    return render_template(
        "admin/settings/keys.html",
        keys=views.keys(page_session()),
        answers=answers,
        errors=errors,
        fresh=fresh,
        days=[("", _("until it is revoked")), *((str(n), lasting(timedelta(days=n))) for n in _LIVES)],
        today=real_now(),
    )
