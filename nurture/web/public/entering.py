"""Coming in by a link: an invitation, a new password for one who forgot it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from nurture.errors import Conflict, Invalid
from nurture.flows import user_links, users
from nurture.rules.user_links import INVITE, RESET
from nurture.web import access
from nurture.web.limits import account, failed, limiter
from nurture.web.request import now, page_session, real_now, runtime

pages = Blueprint("entering", __name__)


@pages.get("/invitation/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Name and password of the invited; looking uses nothing up."""
    link = user_links.open_link(page_session(), runtime().ring, INVITE, token, real=real_now())
    return _invitation(token, link.email, {"name": link.name}, {})


@pages.post("/invitation/<token>")
@limiter.limit("30 per 10 minutes", deduct_when=failed)
def accept(token: str) -> ResponseReturnValue:
    """The invited person is a user now, and signed in."""
    answers = {"name": request.form.get("name", ""), "password": request.form.get("password", "")}
    email = user_links.open_link(page_session(), runtime().ring, INVITE, token, real=real_now()).email
    try:
        with runtime().sessions.begin() as session:
            person = user_links.accept(session, runtime().ring, token, **answers, now=now(), real=real_now())
            users.note_visit(session, person.user_id, now=now())
    except Invalid as refusal:
        return _invitation(token, email, answers, refusal.errors), 422
    except Conflict as refusal:
        return _invitation(token, email, answers, {"name": [str(refusal)]}), 409
    access.remember(person.user_id, person.epoch)
    return redirect("/")


@pages.get("/password")
def forgot() -> ResponseReturnValue:
    return render_template("public/forgot.html", asked=False)


@pages.post("/password")
@limiter.limit("5 per hour", key_func=account)
@limiter.limit("20 per hour")
def ask() -> ResponseReturnValue:
    """One answer for every address, after the same work."""
    with runtime().sessions.begin() as session:
        user_links.forgot(session, request.form.get("email", "")[:300], now=now(), real=real_now())
    runtime().wake("deliver")
    return render_template("public/forgot.html", asked=True)


@pages.get("/password/<token>")
def new_password(token: str) -> ResponseReturnValue:
    user_links.open_link(page_session(), runtime().ring, RESET, token, real=real_now())
    return render_template("public/new_password.html", token=token, errors={}, done=False)


@pages.post("/password/<token>")
@limiter.limit("30 per 10 minutes", deduct_when=failed)
def set_password(token: str) -> ResponseReturnValue:
    """The person signs in with it afterwards: a link alone goes past no second factor."""
    try:
        with runtime().sessions.begin() as session:
            password = request.form.get("password", "")
            user_links.reset(session, runtime().ring, token, password, now=now(), real=real_now())
    except Invalid as refusal:
        return render_template(
            "public/new_password.html", token=token, errors=refusal.errors, done=False
        ), 422
    return render_template("public/new_password.html", token=token, errors={}, done=True)


def _invitation(token: str, email: str, answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template("public/invitation.html", token=token, email=email, answers=answers, errors=errors)
