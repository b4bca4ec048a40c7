"""Settings: who sends, who signs in, which programs call the API."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import keys, setup, users
from nurture.rules.words import _
from nurture.store import installation
from nurture.store.views import settings as views
from nurture.web.public.setup import company_of, zones
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("settings", __name__, url_prefix="/settings")
_COMPANY = ("company_name", "postal_address", "timezone", "sender_name", "sender_email", "reply_to")


@pages.get("")
def index() -> ResponseReturnValue:
    row = installation.get(page_session())
    return _company({name: getattr(row, name) or "" for name in _COMPANY}, {})


@pages.post("")
def save_company() -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            setup.save_company(session, company_of(), by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _company(dict(request.form), refusal.errors), 422
    flash(_("Saved. The next mail shows it."))
    return redirect(url_for("settings.index"))


def _company(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template("admin/settings/company.html", answers=answers, errors=errors, zones=zones())


@pages.get("/users")
def users_page() -> ResponseReturnValue:
    return _users({}, {})


@pages.post("/users")
def create_user() -> ResponseReturnValue:
    form = request.form
    try:
        with runtime().sessions.begin() as session:
            users.create_user(
                session,
                form.get("email", ""),
                form.get("role", ""),
                form.get("password", ""),
                name=form.get("name", ""),
                now=now(),
            )
    except Invalid as refusal:
        return _users(dict(form), refusal.errors), 422
    except Conflict as refusal:
        return _users(dict(form), {"email": [str(refusal)]}), 409
    flash(_("The user can sign in now. Tell them the password in another way than by e-mail."))
    return redirect(url_for("settings.users_page"))


@pages.post("/users/<int:user_id>")
def change_user(user_id: int) -> ResponseReturnValue:
    role, disabled = request.form.get("role", ""), request.form.get("disabled") == "1"
    with runtime().sessions.begin() as session:
        users.change_user(session, user_id, role=role, disabled=disabled, by=signed_in().actor, now=now())
    flash(_("Saved."))
    return redirect(url_for("settings.users_page"))


def _users(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template(
        "admin/settings/users.html", users=views.users(page_session()), answers=answers, errors=errors
    )


@pages.get("/keys")
def keys_page() -> ResponseReturnValue:
    return _keys({}, {})


@pages.post("/keys")
def create_key() -> ResponseReturnValue:
    """The key's text stands in this one answer and is never shown again."""
    form = request.form
    try:
        with runtime().sessions.begin() as session:
            text = keys.create_key(
                session, form.get("name", ""), form.get("role", ""), now=now(), by=signed_in().id
            )
    except Invalid as refusal:
        return _keys(dict(form), refusal.errors), 422
    return _keys({}, {}, fresh=text), 201


@pages.post("/keys/<int:key_id>/revoke")
def revoke_key(key_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        keys.revoke_key(session, key_id, by=signed_in().actor, now=now())
    flash(_("The key is revoked: whoever used it is refused from now on."))
    return redirect(url_for("settings.keys_page"))


def _keys(answers: dict[str, str], errors: dict[str, list[str]], fresh: str = "") -> str:
    return render_template(
        "admin/settings/keys.html",
        keys=views.keys(page_session()),
        answers=answers,
        errors=errors,
        fresh=fresh,
    )
