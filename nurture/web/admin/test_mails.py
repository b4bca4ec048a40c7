"""Any mail of a program to oneself, as a lead would see it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import test_mail
from nurture.rules.words import _
from nurture.store.views import mails as view
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("test_mails", __name__, url_prefix="/mails/test")


@pages.get("")
def index() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("/<int:mail_id>")
def send(mail_id: int) -> ResponseReturnValue:
    """Send it; the page of its delivery shows how it went."""
    said, person = request.form.get("lead", "").strip(), signed_in()
    try:
        with runtime().sessions.begin() as session:
            lead_id = test_mail.lead_meant(session, said)
            delivery_id = test_mail.send_test(
                session, mail_id, person.email, lead_id=lead_id, by=person.actor, now=now()
            )
    except Invalid as refusal:
        return _page({"lead": said}, refusal.errors), 422
    runtime().wake("deliver")
    flash(_("It is on its way to %s.") % person.email)
    return redirect(url_for("deliveries.one", delivery_id=delivery_id))


def _page(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template(
        "admin/test_mails/index.html", mails=view.of_programs(page_session()), answers=answers, errors=errors
    )
