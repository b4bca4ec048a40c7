"""Words of strangers in mails: never code of a template (CVE-2026-9558, CVE-2025-49136), never a header."""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from tests.sinks import AcceptedMail, SmtpSink
from tests.web.api_caller import Caller, api, caller
from tests.web.attacks.forms import pumped, send
from tests.web.conftest import SignIn, token_of

__all__ = ["api", "caller"]
CODE = (
    "{{ 7*7 }}", "{{ lead.email }}", "{% for a in range(9) %}x{% endfor %}", "{# gone #}", "%s%(x)s",
    "{{ cycler.__init__.__globals__ }}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "zqj0jqz", "<!--zqj0jqz-->",
    "{{ ''.__class__ }}",
    "{{", "{%", "\\1\\g<0>",
)  # fmt: skip
TEXTS = ("first_name", "last_name", "role", "city", "address")
# Everything that ends a line for some reader of headers.
ENDS = ("\r\n", "\n", "\r", "\r\n\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e")
KNOWN = {
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-unsubscribe",
    "list-unsubscribe-post", "list-id", "feedback-id", "reply-to", "dkim-signature", "auto-submitted",
    "precedence", "x-auto-response-suppress", "content-transfer-encoding", "sender", "cfbl-address",
    "cfbl-feedback-id",
}  # fmt: skip


def clean(mail: AcceptedMail) -> None:
    """Known headers only, each once, and nobody else gets a copy."""
    head = mail.raw.partition(b"\r\n\r\n")[0].decode("ascii")
    names = [name.lower() for name in re.findall(r"(?m)^([!-9;-~]+):", head.replace("\r\n", "\n"))]
    assert set(names) <= KNOWN, sorted(set(names) - KNOWN)
    assert len(set(names) - {"dkim-signature"}) == len([name for name in names if name != "dkim-signature"])
    assert mail.message["To"].addresses[0].addr_spec == mail.recipient
    assert "evil.example" not in str(mail.message["To"].addresses[0].addr_spec)
    assert not mail.message.defects


@pytest.mark.parametrize("code", CODE)
def test_template_code_in_the_values_of_a_lead_is_text_in_its_mails(
    app: Flask, api: Caller, runtime: Runtime, smtp_sink: SmtpSink, code: str
) -> None:
    said: dict[str, object] = dict.fromkeys(TEXTS, code)
    said |= {"company": code, "tags": [code], "fields": {"interest": code}, "consent": {"marketing": True}}
    made = api.post("/leads", json={"email": "anna@weber.example", **said})
    assert made.status_code == 201, made.text

    mail = send(api, runtime, smtp_sink)

    assert str(mail.message["Subject"]) == f"{code} of {code} in {code}"
    assert mail.part("plain").count(code) == 7
    letter = mail.part("html")
    assert "49" not in re.sub(r"<[^>]*>|&#?\w+;", "", letter)
    clean(mail)


def test_template_code_in_the_name_of_the_company_is_text_in_every_mail(
    app: Flask, sign_in: SignIn, api: Caller, runtime: Runtime, smtp_sink: SmtpSink
) -> None:
    code = "{{ 7*7 }}{% if true %}"
    said = {"company_name": code, "postal_address": f"{code}\nHamburg", "sender_name": code}
    assert api.patch("/company", json=said).status_code == 200
    api.post("/leads", json={"email": "anna@weber.example", "consent": {"marketing": True}})

    mails = [send(api, runtime, smtp_sink, subject="News", body="{{ sender.name }}")]
    api.post("/invitations", json={"email": "ben@weber.example", "name": code, "role": "viewer"})
    with streams(runtime) as work:
        while sum(one.serve(runtime.now()) for one in work):
            pass
    mails += smtp_sink.to("ben@weber.example")

    assert len(mails) == 2
    for mail in mails:
        assert code in mail.part("plain")
        assert "49" not in re.sub(r"<[^>]*>|&#?\w+;", "", mail.part("html"))
        clean(mail)
    assert mails[0].message["From"].addresses[0].display_name == code


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_no_value_of_a_lead_makes_a_header(
    app: Flask, sign_in: SignIn, api: Caller, runtime: Runtime, smtp_sink: SmtpSink, end: str
) -> None:
    """Through the API, a form, and a file: refused in a sentence or taken without its line ends."""
    evil = f"Anna{end}Bcc: all@evil.example{end}X-Injected: yes"
    api.post("/leads", json={"email": "anna@weber.example", "consent": {"marketing": True}})
    for name in (*TEXTS, "company"):
        assert api.patch("/leads/1", json={name: evil}).status_code in (200, 422)
    refused = api.patch("/leads/1", json={"email": f"anna@weber.example{end}Bcc: all@evil.example"})
    assert refused.status_code == 422
    form_of(
        sign_in("admin"), "/leads/1", "/leads/1", first_name=evil, last_name=evil, email="anna@weber.example"
    )
    sheet = f'email,first_name,company\nanna@weber.example,"{evil}","{evil}"\n'.encode()
    api.post("/imports", data={"file": (io.BytesIO(sheet), "a.csv")}, content_type="multipart/form-data")

    mail = send(api, runtime, smtp_sink)

    assert mail.recipient == "anna@weber.example"
    clean(mail)


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_no_setting_and_no_word_of_a_marketer_makes_a_header(
    app: Flask, sign_in: SignIn, api: Caller, runtime: Runtime, smtp_sink: SmtpSink, end: str
) -> None:
    evil, address = f"Mira{end}Bcc: all@evil.example", f"mira@kessler-ohm.example{end}Bcc: all@evil.example"
    for name in ("company_name", "sender_name"):
        assert api.patch("/company", json={name: evil}).status_code in (200, 422)
    for name in ("sender_email", "reply_to"):
        assert api.patch("/company", json={name: address}).status_code == 422, name
        said = {"name": "Mira", "email": "mira@kessler-ohm.example"}
        field = name.removeprefix("sender_")
        assert api.post("/senders", json={**said, field: address}).status_code == 422, name
    admin = sign_in("admin")
    form_of(admin, "/settings/senders", "/settings/senders/mira", name=evil, email=address, reply_to=address)
    form_of(admin, "/settings", "/settings", sender_name=evil, sender_email=address, reply_to=address)
    api.post("/leads", json={"email": "anna@weber.example", "consent": {"marketing": True}})
    said = {"name": evil, "subject": f"News{end}Bcc: all@evil.example", "preheader": evil, "body": "x"}
    made = api.post("/newsletters", json=said)
    assert made.status_code in (201, 422), made.text
    if made.status_code == 422:
        made = api.post("/newsletters", json=said | {"subject": "News", "name": "x", "preheader": ""})
    letter = f"/newsletters/{made.json['id']}"
    if api.post(f"{letter}/schedule", json={}).status_code == 422:
        assert api.patch(letter, json={"subject": "News"}).status_code == 200
        assert api.post(f"{letter}/schedule", json={}).status_code == 200

    mail = pumped(runtime, smtp_sink)

    assert mail.sender == "" or "evil" not in mail.sender
    clean(mail)
    assert {one.recipient for one in smtp_sink.mails} == {"anna@weber.example"}


def test_nobody_is_written_to_by_an_address_that_hides_another(
    app: Flask, api: Caller, runtime: Runtime
) -> None:
    for email in (
        "anna@weber.example,ben@evil.example", "anna@weber.example ben@evil.example", "<anna@weber.example>",
        '"anna@weber.example> RCPT TO:<ben"@evil.example', "anna@weber.example>\r\nRCPT TO:<ben@evil.example",
        "anna@[127.0.0.1]", "anna@weber.example\0", "@evil.example:anna@weber.example", "anna%evil@weber",
    ):  # fmt: skip
        answer = api.post("/leads", json={"email": email})
        assert answer.status_code == 422, email
    with runtime.sessions() as session:
        assert session.execute(text("SELECT count(*) FROM lead")).scalar_one() == 0


def form_of(client: FlaskClient, page: str, address: str, **answers: str) -> None:
    token = token_of(client.get(page).text)
    answer = client.post(address, data={"csrf_token": token, **answers})
    assert answer.status_code in (302, 404, 405, 422), answer.text
