"""Settings: the company that sends."""

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import setup
from nurture.rules.words import _
from nurture.store import installation, senders
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
            said, sender = company_of(), senders.default(session)
            # Once there is a sender, who sends is said on the page of senders.
            if sender is not None:
                name, email, reply_to = sender.name, sender.email, sender.reply_to or ""
                said = replace(said, sender_name=name, sender_email=email, reply_to=reply_to)
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
        sender=senders.default(page_session()),
    )
