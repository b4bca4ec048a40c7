"""The doors for what comes back: open to the secret alone, and calm about whatever is thrown at them."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.flows.inbound import secret_of
from nurture.rules.bounces import return_path
from nurture.runtime import Runtime
from tests.mail.inbound import shapes
from tests.mailed import a_delivery, a_lead, a_mailing
from tests.web.conftest import SignIn


@pytest.fixture
def secret(runtime: Runtime) -> str:
    return secret_of(runtime.ring)


def test_a_report_reaches_its_delivery(
    visitor: FlaskClient, runtime: Runtime, db: Session, secret: str
) -> None:
    sent = a_delivery(db, a_mailing(db), a_lead(db))
    path = return_path(runtime.ring, "bounce.nurture.example", sent)
    raw = shapes.dsn("smtp; 550 5.1.1 User unknown", "5.1.1").replace(shapes.US.encode(), path.encode())
    answer = visitor.post(f"/in/mail/{secret}", data=raw, content_type="message/rfc822")
    assert (answer.status_code, answer.json) == (200, {"taken": 1, "new": 1})
    assert db.scalar(text("SELECT bounced_at IS NOT NULL FROM delivery WHERE id = :id"), {"id": sent})


def test_a_wrong_secret_finds_nothing(visitor: FlaskClient, secret: str) -> None:
    for wrong in ("x", secret[:-1] + "!", "…", "0" * 300):
        assert visitor.post(f"/in/mail/{wrong}", data=b"From: a@b.example\n\nx").status_code == 404
        assert visitor.post(f"/in/ses/{wrong}", data=b"{}").status_code == 404
    assert visitor.post(f"/in/nobody/{secret}", data=b"{}").status_code == 404
    assert visitor.get(f"/in/mail/{secret}").status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00", b"\xff\xfe" * 999, b"{", b'"x"', b"null", b"[[[[]]]]", b'{"Type": "Notification"}',
        b'[{"event": "bounce", "email": 7, "sg_event_id": {"a": 1}}]', b"[" * 60_000,
        b'{"event": "spam", "email": "\\ud800@x.example", "time": "\\u0000"}',
        b'{"Type":"SubscriptionConfirmation","MessageId":"\\ud800","SubscribeURL":"javascript:alert(1)"}',
        b'{"type": "complaint", "recipient": "a@b.example", "id": "\\u0000\\udfff"}',
        b"Content-Type: multipart/report; boundary=\xff\n\n--\xff\n\n",
        b"Subject: =?unicode_escape?Q?=5Cud800?=\n\nx",
    ],
    ids=range(15),
)  # fmt: skip
def test_hostile_bodies_are_never_a_fault_of_ours(visitor: FlaskClient, secret: str, body: bytes) -> None:
    for where in ("mail", "ses", "mailgun", "postmark", "sendgrid", "mailjet", "generic"):
        answer = visitor.post(f"/in/{where}/{secret}", data=body, content_type="application/json")
        assert answer.status_code in (200, 422), (where, answer.status_code)


def test_a_body_that_is_too_large_is_refused(visitor: FlaskClient, secret: str) -> None:
    assert visitor.post(f"/in/mail/{secret}", data=b"x" * (11 * 1024 * 1024)).status_code == 413


def test_what_came_back_is_read_on_the_page_of_the_delivery_and_harms_nobody(
    visitor: FlaskClient, runtime: Runtime, db: Session, secret: str, sign_in: SignIn
) -> None:
    sent = a_delivery(db, a_mailing(db), a_lead(db))
    path = return_path(runtime.ring, "bounce.nurture.example", sent)
    raw = shapes.dsn("smtp; 550 5.1.1 User unknown <script>alert(1)</script>", "5.1.1")
    visitor.post(f"/in/mail/{secret}", data=raw.replace(shapes.US.encode(), path.encode()))
    admin = sign_in("admin")
    page = admin.get(f"/deliveries/{sent}")
    assert "The mailbox does not exist." in page.text and "Hard bounce" in page.text
    assert "<script>alert" not in page.text
    assert "Final-Recipient" in page.text
    doors = admin.get("/settings/inbound")
    assert secret in doors.text and f"#{sent}" in doors.text


def test_a_subscription_waits_for_an_administrator(
    visitor: FlaskClient, secret: str, sign_in: SignIn
) -> None:
    body = {"Type": "SubscriptionConfirmation", "MessageId": "1", "SubscribeURL": "https://sns.example/yes"}
    assert visitor.post(f"/in/ses/{secret}", json=body).json == {"taken": 1, "new": 1}
    page = sign_in("admin").get("/settings/inbound")
    assert "https://sns.example/yes" in page.text and 'href="https://sns.example' not in page.text
