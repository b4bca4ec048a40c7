"""The first set-up, open once, by the link that the terminal printed."""

from zoneinfo import available_timezones

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Forbidden, Invalid
from nurture.flows import demo, setup
from nurture.flows.setup import Company
from nurture.rules.words import _
from nurture.web import access
from nurture.web.limits import failed, limiter
from nurture.web.request import now, page_session, runtime

pages = Blueprint("setup", __name__)


@pages.get("/setup")
def form() -> ResponseReturnValue:
    """Only while nobody can sign in, and only with the latest token."""
    token = request.args.get("token", "")
    if not setup.setup_open(page_session(), token):
        raise Forbidden(_("This set-up link is not open: use the one the terminal printed last, or sign in."))
    return _page({"token": token, "timezone": "Europe/Berlin"}, {})


@pages.post("/setup")
@limiter.limit("30 per 10 minutes", deduct_when=failed)
def save() -> ResponseReturnValue:
    answers = request.form
    try:
        with runtime().sessions.begin() as session:
            person = setup.set_up(
                session,
                answers.get("token", ""),
                company_of(),
                name=answers.get("name", ""),
                email=answers.get("email", ""),
                password=answers.get("password", ""),
                now=now(),
            )
            if answers.get("demo") == "1":
                demo.ask(session, by=f"user:{person.user_id}", now=now())
    except Invalid as refusal:
        return _page({"token": "", "timezone": "", **answers.to_dict()}, refusal.errors), 422
    access.remember(person.user_id, person.epoch)
    return redirect(url_for("demo.index" if answers.get("demo") == "1" else "overview.index"))


def company_of() -> Company:
    """Who sends, as the form says it."""
    answers = request.form
    return Company(
        company_name=answers.get("company_name", ""),
        postal_address=answers.get("postal_address", ""),
        timezone=answers.get("timezone", ""),
        sender_name=answers.get("sender_name", ""),
        sender_email=answers.get("sender_email", ""),
        reply_to=answers.get("reply_to", ""),
        color=answers.get("color", ""),
        language=answers.get("language", ""),
    )


def zones() -> list[str]:
    """The names of time zones that a person would look for."""
    return sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    )


def _page(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template("public/setup.html", answers=answers, errors=errors, zones=zones())
