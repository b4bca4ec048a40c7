"""The mail connection tried out from the page, whom mails may reach before going live, mails to oneself."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from nurture.store.installation import get as installation
from tests.mailed import a_lead, a_mailing
from tests.sinks import SmtpSink
from tests.web.conftest import Call, SignIn, calls_of
from tests.web.people import done, post


@pytest.fixture
def call(app: Flask, runtime: Runtime) -> Call:
    return calls_of(app, runtime, "admin")


def send(runtime: Runtime) -> None:
    with streams(runtime) as work:
        for stream in work:
            stream.serve(runtime.now())


def test_the_connection_is_tried_out_step_by_step(
    sign_in: SignIn, runtime: Runtime, smtp_sink: SmtpSink
) -> None:
    admin = sign_in("admin")
    page = post(admin, "/settings/mail/try").text
    assert "All is well" in page and "It would take a mail from mira@kessler-ohm.example to you." in page
    assert smtp_sink.mails == []
    assert done(runtime, "mail") == [("user:1", "mail.tested", "mail_connection")]
    smtp_sink.refuse = lambda recipient: "550 5.7.1 relaying denied"
    page = post(admin, "/settings/mail/try").text
    assert "Step 5 fails" in page and "550 5.7.1 relaying denied" in page


def test_no_page_shows_the_password_of_the_mail_server(sign_in: SignIn, runtime: Runtime, app: Flask) -> None:
    object.__setattr__(runtime.settings, "smtp_url", "smtp://us:hunter22@127.0.0.1:1")
    admin = sign_in("admin")
    shown = admin.get("/settings/mail").text + post(admin, "/settings/mail/try").text
    assert "with name and password" in shown and "127.0.0.1:1" in shown
    assert "hunter22" not in shown


def test_a_real_mail_to_oneself_goes_the_way_of_every_mail(
    sign_in: SignIn, runtime: Runtime, smtp_sink: SmtpSink
) -> None:
    admin = sign_in("admin")
    address = post(admin, "/settings/mail/send").headers["Location"]
    send(runtime)
    [mail] = smtp_sink.to("admin@kessler-ohm.example")
    assert mail.message["Subject"] == "Mails from Kessler Ohm arrive"
    assert ">sent<" in admin.get(address).text


def test_test_addresses_are_kept_in_one_way_of_writing(sign_in: SignIn, runtime: Runtime) -> None:
    admin = sign_in("admin")
    form = {"test_addresses": " Mia@Example.com \nmia@example.com\nzoe@example.com,\n"}
    assert post(admin, "/settings/mail/test-addresses", **form).status_code == 302
    assert "mia@example.com\nzoe@example.com</textarea>" in admin.get("/settings/mail").text
    wrong = post(admin, "/settings/mail/test-addresses", test_addresses="mia@example.com\nnobody at all")
    assert wrong.status_code == 422
    assert "These are no e-mail addresses: nobody at all." in wrong.text
    assert "mia@example.com\nnobody at all</textarea>" in wrong.text
    assert done(runtime, "test_addresses") == [("user:1", "test_addresses.changed", "installation")]


def test_a_mail_of_a_program_comes_to_oneself_as_a_lead_would_get_it(
    sign_in: SignIn, runtime: Runtime, db: Session, call: Call
) -> None:
    marketer = sign_in("marketer")
    assert "No mails yet." in marketer.get("/mails/test").text
    a_mailing(db)
    lead = a_lead(db)
    assert "Send me this" in marketer.get("/mails/test").text
    assert post(marketer, "/mails/test/1", lead=str(lead.id)).status_code == 302
    assert post(marketer, "/mails/test/1", lead=str(lead.email)).status_code == 302
    wrong = post(marketer, "/mails/test/1", lead="anna")
    assert wrong.status_code == 422 and 'value="anna"' in wrong.text
    assert post(marketer, "/mails/test/99").status_code == 404
    with runtime.sessions() as session:
        rows = session.connection().exec_driver_sql("SELECT purpose, address, lead_id FROM delivery").all()
    assert [tuple(row) for row in rows] == [("test", "marketer@kessler-ohm.example", lead.id)] * 2
    [mail] = call("GET", "/mails").json["data"]
    assert mail["key"] == "welcome" and mail["program"] == "consulting"
    assert call("POST", "/mails/1/test", json={"email": "zoe@example.com"}).status_code == 202
    assert call("POST", "/mails/1/test", json={"email": "zoe"}).status_code == 422
    assert call("POST", "/mails/1/test", json={"email": "zoe@example.com", "lead_id": 99}).status_code == 422


def test_the_overview_leads_to_it(sign_in: SignIn, runtime: Runtime, db: Session) -> None:
    marketer: FlaskClient = sign_in("marketer")
    with runtime.sessions.begin() as session:
        installation(session).live = False
    a_mailing(db)
    page = marketer.get("/").text
    assert "Send yourself a test" in page
    assert 'href="/mails/test' in page


def test_the_api_tries_and_keeps_the_same(call: Call) -> None:
    found = call("POST", "/mail_connection/test", json={"email": "mia@example.com"}).json
    assert found["works"] and [step["name"] for step in found["steps"]][-1] == "mail"
    assert call("PUT", "/test_addresses", json={"emails": ["Mia@example.com"]}).json == {
        "emails": ["mia@example.com"]
    }
    assert call("GET", "/test_addresses").json == {"emails": ["mia@example.com"]}
    assert call("PUT", "/test_addresses", json={"emails": ["x"]}).status_code == 422
