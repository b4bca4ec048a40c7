"""Settings: the company that sends."""

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import setup
from nurture.rules.words import _
from nurture.store import installation
from nurture.web.public.setup import company_of, zones
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("settings", __name__, url_prefix="/settings")
_COMPANY = (
    "company_name",
    "postal_address",
    "timezone",
    "color",
    "language",
)


@pages.get("")
def index() -> ResponseReturnValue:
    row = installation.get(page_session())
    return _company({name: getattr(row, name) or "" for name in _COMPANY}, {})


@pages.post("")
def save_company() -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            house = installation.get(session)
            # Who sends is said on the page of senders.
            said = replace(
                company_of(),
                sender_name=house.sender_name,
                sender_email=house.sender_email,
                reply_to=house.reply_to or "",
            )
            setup.save_company(session, said, by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _company(dict.fromkeys(_COMPANY, "") | request.form.to_dict(), refusal.errors), 422
    flash(_("Saved. The next mail shows it."))
    return redirect(url_for("settings.index"))


def _company(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    close_session()
    return render_template(
        "admin/settings/company.html",
        answers=answers,
        errors=errors,
        zones=zones(),
        house=installation.get(page_session()),
    )
