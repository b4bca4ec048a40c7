"""Signing in and out."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import users
from nurture.rules.words import _
from nurture.web import access
from nurture.web.limits import account, account_and_address, failed, limiter
from nurture.web.request import now, runtime

pages = Blueprint("sessions", __name__)


@pages.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("10 per 5 minutes", key_func=account_and_address, methods=["POST"], deduct_when=failed)
@limiter.limit("100 per hour", key_func=account, methods=["POST"], deduct_when=failed)
@limiter.limit("60 per 5 minutes", methods=["POST"], deduct_when=failed)
def sign_in() -> ResponseReturnValue:
    """The form, and a new session for who gives the right password."""
    if request.method == "GET":
        return render_template(
            "public/sign_in.html", email="", sentence=None, next=request.args.get("next", "")
        )
    email, password = request.form.get("email", ""), request.form.get("password", "")
    with runtime().sessions.begin() as session_:
        person = users.check_password(session_, email, password)
        if person:
            users.note_visit(session_, person.user_id, now=now())
    if person is None:
        sentence = _("E-mail address and password do not belong together.")
        wanted = request.form.get("next", "")
        return render_template("public/sign_in.html", email=email, sentence=sentence, next=wanted), 422
    access.remember(person.user_id, person.epoch)
    return redirect(_inside(request.form.get("next", "")))


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    session.clear()
    return redirect(url_for("sessions.sign_in"))


def _inside(wanted: str) -> str:
    """Where the person wanted to go, if that is one of our own pages."""
    parts = urlsplit(wanted)
    outside = parts.scheme or parts.netloc or not wanted.startswith("/") or wanted.startswith(("//", "/\\"))
    return url_for("overview.index") if outside or "\\" in wanted else wanted
