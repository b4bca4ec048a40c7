"""Signing in, with the code of the phone where there is one, and out."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import second_factor, users
from nurture.rules import words
from nurture.rules.words import _
from nurture.store.views import shell
from nurture.store.views.shell import Viewer
from nurture.web import access, language
from nurture.web.limits import account, account_and_address, failed, half_signed_in, limiter
from nurture.web.places import inside
from nurture.web.request import close_session, now, page_session, real_now, runtime

pages = Blueprint("sessions", __name__)
# So long the password alone is remembered while the person looks for the phone.
_HALF_LASTS = timedelta(minutes=5)


@pages.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("10 per 5 minutes", key_func=account_and_address, methods=["POST"], deduct_when=failed)
@limiter.limit("100 per hour", key_func=account, methods=["POST"], deduct_when=failed)
@limiter.limit("60 per 5 minutes", methods=["POST"], deduct_when=failed)
def sign_in() -> ResponseReturnValue:
    """The form, and a new session for who gives the right password."""
    if request.method != "POST":
        return render_template(
            "public/sign_in.html", email="", sentence=None, next=request.args.get("next", "")
        )
    email, password = request.form.get("email", ""), request.form.get("password", "")
    wanted = request.form.get("next", "")
    with runtime().sessions.begin() as session_:
        person = users.check_password(session_, email, password, now=now())
        if person and not person.needs_code:
            users.note_visit(session_, person.user_id, now=now())
        if person and (chosen := session.get(language.CHOSEN)):
            users.choose_language(session_, person.user_id, chosen)
    if person is None:
        sentence = _("E-mail address and password do not belong together.")
        return render_template("public/sign_in.html", email=email, sentence=sentence, next=wanted), 422
    if person.needs_code:
        session.clear()
        session[language.LAST] = words.spoken()
        session["half"] = [person.user_id, person.epoch, int(real_now().timestamp())]
        return redirect(url_for("sessions.code", next=wanted or None))
    access.remember(person.user_id, person.epoch)
    return redirect(inside(wanted))


@pages.get("/sign-in/code")
def code() -> ResponseReturnValue:
    """Asks for the second factor, of who gave the right password."""
    if _half() is None:
        return redirect(url_for("sessions.sign_in"))
    return _code_page(request.args.get("next", ""), None)


@pages.post("/sign-in/code")
@limiter.limit("10 per 5 minutes", key_func=half_signed_in, deduct_when=failed)
@limiter.limit("60 per 5 minutes", deduct_when=failed)
def check_code() -> ResponseReturnValue:
    """The session begins with the right code."""
    person, wanted = _half(), request.form.get("next", "")
    if person is None:
        return redirect(url_for("sessions.sign_in", next=wanted or None))
    epoch = session["half"][1]
    close_session()
    with runtime().sessions.begin() as session_:
        given = request.form.get("code", "")
        right = second_factor.check(session_, runtime().vault, person.id, given, now=now(), real=real_now())
        if right:
            users.note_visit(session_, person.id, now=now())
    if not right:
        sentence = _("This is not the code that the phone shows now. Each code works once.")
        return _code_page(wanted, sentence), 422
    access.remember(person.id, epoch)
    return redirect(inside(wanted))


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    last = session.get(language.LAST)
    session.clear()
    if last:
        session[language.LAST] = last
    return redirect(url_for("sessions.sign_in"))


def _half() -> Viewer | None:
    """Who gave the right password a short while ago."""
    match session.get("half"):
        case [int(user_id), int(epoch), int(at)] if (
            real_now() - datetime.fromtimestamp(at, UTC) < _HALF_LASTS
        ):
            return shell.person(page_session(), user_id, epoch)
        case _:
            return None


def _code_page(wanted: str, sentence: str | None) -> str:
    return render_template("public/code.html", next=wanted, sentence=sentence)


@pages.post("/language")
def choose_language() -> ResponseReturnValue:
    """Another language for a page before signing in; who signs in then keeps it."""
    wanted = request.form.get("language", "")
    if wanted not in words.languages():
        raise Invalid(_("There is no such language here."))
    language.choose(wanted)
    return redirect(inside(request.form.get("next", "")), code=303)
