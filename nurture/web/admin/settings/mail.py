"""Settings: the mail connection, tried out step by step, and whom mails may reach before going live."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, Unavailable
from nurture.flows import test_mail
from nurture.mail.smtp_trial import Step
from nurture.mail.smtp_url import SmtpUrl, parse_smtp_url
from nurture.rules.words import _
from nurture.store import installation, transport_states
from nurture.store.audit import audit
from nurture.web.connection import tried
from nurture.web.limits import limiter, signed_in_user
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("mail", __name__, url_prefix="/settings/mail")


@pages.get("")
def index() -> ResponseReturnValue:
    return _page()


@pages.post("/try")
@limiter.limit("10 per minute", key_func=signed_in_user)
def try_out() -> ResponseReturnValue:
    """Every step up to the one that fails; no mail is sent."""
    sender = installation.get(page_session()).sender_email
    close_session()
    steps = tried(runtime(), sender, signed_in().email)
    with runtime().sessions.begin() as session:
        audit(session, signed_in().actor, "mail.tested", "mail_connection", now=now())
    return _page(steps=steps)


@pages.post("/send")
@limiter.limit("10 per minute", key_func=signed_in_user)
def send() -> ResponseReturnValue:
    """A real mail to oneself; its page shows how it went."""
    with runtime().sessions.begin() as session:
        person = signed_in()
        delivery_id = test_mail.send_connection_test(session, person.email, by=person.actor, now=now())
    runtime().wake("deliver")
    flash(_("A mail to %s is on its way. Here you see what the server says.") % signed_in().email)
    return redirect(url_for("deliveries.one", delivery_id=delivery_id))


@pages.post("/test-addresses")
def save_addresses() -> ResponseReturnValue:
    lines = request.form.get("test_addresses", "")
    try:
        with runtime().sessions.begin() as session:
            test_mail.set_test_addresses(session, lines, by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _page(lines=lines, errors=refusal.errors), 422
    flash(_("Saved."))
    return redirect(url_for("mail.index"))


def _page(
    steps: list[Step] | None = None, lines: str | None = None, errors: dict[str, list[str]] | None = None
) -> str:
    close_session()
    session = page_session()
    kept = "\n".join(installation.get(session).test_addresses)
    return render_template(
        "admin/settings/mail.html",
        connection=_connection(),
        transports=transport_states.every(session),
        steps=steps,
        answers={"test_addresses": kept if lines is None else lines},
        errors=errors or {},
    )


def _connection() -> SmtpUrl | None:
    """The mail server that is set, or the catcher; None when there is neither."""
    try:
        return parse_smtp_url(runtime().smtp_url)
    except Unavailable:
        return None
