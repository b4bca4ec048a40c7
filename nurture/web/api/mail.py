"""/mails with their tests, /test_addresses, and the trial of the mail connection."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows import test_mail
from nurture.store import installation
from nurture.store.audit import audit
from nurture.store.views import mails as view
from nurture.web.api import door
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.mail import (
    MailOut,
    MailTestOfVersion,
    MailTestOut,
    TestAddresses,
    TrialIn,
    TrialOut,
)
from nurture.web.connection import tried
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("mail", "Mails of programs, tests of them, and the way out.")


@part.route("/mails", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(MailOut))
def list_mails(asked: dict[str, Any]) -> dict[str, Any]:
    """The mails of all programs."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = view.of_programs(page_session(), after=place[0] if place else 0, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [vars(row) for row in page["data"]]}


@part.route("/mails/<int:mail_id>/test", methods=["POST"])
@part.arguments(MailTestOfVersion)
@part.response(202, MailTestOut)
def test(said: dict[str, Any], mail_id: int) -> ResponseReturnValue:
    """Send a mail to a colleague, as its preview shows it. Before going live it reaches users and test
    addresses alone."""
    send = test_mail.send_as_it_stands if said["version"] == "draft" else test_mail.send_test
    with runtime().sessions.begin() as session:
        delivery_id = send(
            session, mail_id, said["email"], lead_id=said["lead_id"], by=door.actor(), now=now()
        )
    runtime().wake("deliver")
    return {"delivery_id": delivery_id}, 202


@part.route("/test_addresses", methods=["GET"])
@part.response(200, TestAddresses)
def addresses() -> dict[str, Any]:
    """Whom programs and newsletters write to before going live, beside the users."""
    return {"emails": list(installation.get(page_session()).test_addresses)}


@part.route("/test_addresses", methods=["PUT"])
@part.arguments(TestAddresses)
@part.response(200, TestAddresses)
def keep_addresses(said: dict[str, Any]) -> dict[str, Any]:
    """These and no others."""
    with runtime().sessions.begin() as session:
        kept = test_mail.set_test_addresses(session, "\n".join(said["emails"]), by=door.actor(), now=now())
    return {"emails": kept}


@part.route("/mail_connection/test", methods=["POST"])
@part.arguments(TrialIn)
@part.response(200, TrialOut)
def try_out(said: dict[str, Any]) -> dict[str, Any]:
    """Try the mail server out step by step; no mail is sent."""
    sender = installation.get(page_session()).sender_email
    close_session()
    steps = tried(runtime(), sender, said["email"])
    with runtime().sessions.begin() as session:
        audit(session, door.actor(), "mail.tested", "mail_connection", now=now())
    return {"works": all(step.ok is not False for step in steps), "steps": [vars(step) for step in steps]}
