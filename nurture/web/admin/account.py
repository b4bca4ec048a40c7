"""One's own account: who is signed in, the password, and the way to the other pages on a phone."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import users
from nurture.rules.words import _
from nurture.web import access, language
from nurture.web.limits import failed, limiter
from nurture.web.request import now, runtime, signed_in

pages = Blueprint("account", __name__)


@pages.get("/account")
def index() -> ResponseReturnValue:
    return render_template("admin/account/index.html", errors={})


@pages.post("/account/password")
@limiter.limit("10 per 5 minutes", deduct_when=failed)
def change_password() -> ResponseReturnValue:
    """A new password ends every other session of this user."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        with runtime().sessions.begin() as session:
            person = users.change_password(session, signed_in().id, old, new, now=now())
    except Invalid as refusal:
        return render_template("admin/account/index.html", errors=refusal.errors), 422
    access.remember(person.user_id, person.epoch)
    flash(_("The password is changed. You are signed out everywhere else."))
    return redirect(url_for("account.index"))


@pages.post("/account/language")
def save_language() -> ResponseReturnValue:
    """The language of the pages, kept for this user wherever they sign in."""
    wanted = request.form.get("language", "")
    with runtime().sessions.begin() as session:
        users.choose_language(session, signed_in().id, wanted)
    language.serve_user(wanted)
    flash(_("Saved."))
    return redirect(url_for("account.index"), code=303)


@pages.post("/account/sales-mails")
def save_sales_mails() -> ResponseReturnValue:
    """Which mails about leads one takes."""
    with runtime().sessions.begin() as session:
        users.choose_sales_mails(
            session,
            signed_in().id,
            notices=request.form.get("notices") == "1",
            digest=request.form.get("digest") == "1",
        )
    flash(_("Saved."))
    return redirect(url_for("account.index"), code=303)


@pages.post("/account/theme")
def save_theme() -> ResponseReturnValue:
    """Light, dark or as the system; the button beside the name sends it without leaving the page."""
    with runtime().sessions.begin() as session:
        users.choose_theme(session, signed_in().id, request.form.get("theme", ""))
    return redirect(url_for("account.index"), code=303)
