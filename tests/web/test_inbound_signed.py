"""Posts of providers at the door: what is signed by somebody else, or by nobody, changes nothing."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient

from nurture.flows.inbound import secret_of
from nurture.flows.vouch import Certificates
from nurture.mail.inbound.signed import CHECKS, sns_certificate_url, sns_message, usable
from nurture.net.outgoing import Unreached
from nurture.runtime import Runtime
from nurture.web.public.inbound import CERTIFICATES
from tests.web.conftest import SignIn, token_of

AMAZON = rsa.generate_private_key(65537, 2048)
URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"
BOUNCE = {"notificationType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent", "bounceSubType":
          "General", "feedbackId": "f1", "bouncedRecipients": [{"emailAddress": "anna@leads.example",
          "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}]}}  # fmt: skip


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(AMAZON.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=900))
    )  # fmt: skip
    return built.sign(AMAZON, SHA256()).public_bytes(Encoding.PEM)


def notification(version: str = "2", **more: str) -> dict[str, str]:
    said = {"Type": "Notification", "MessageId": "m1", "TopicArn": "arn:aws:sns:x", "Message":
            json.dumps(BOUNCE), "Timestamp": "2026-03-03T10:00:00Z", "SignatureVersion": version,
            "SigningCertURL": URL, **more}  # fmt: skip
    names = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    if said["Type"] == "Notification":
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    data = "".join(f"{name}\n{said[name]}\n" for name in names if name in said).encode()
    signature = AMAZON.sign(data, PKCS1v15(), SHA256() if version == "2" else SHA1())
    return {**said, "Signature": base64.b64encode(signature).decode()}


class Amazon:
    """Where the certificate lies; it may be away."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.away:
            raise Unreached("no answer")
        return certificate()


@pytest.fixture
def amazon(app: Flask) -> Amazon:
    amazon = Amazon()
    app.extensions[CERTIFICATES] = Certificates(amazon.fetch)
    return amazon


@pytest.fixture
def secret(runtime: Runtime) -> str:
    return secret_of(runtime.ring)


def posted(visitor: FlaskClient, provider: str, secret: str, body: object, **headers: str) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return visitor.post(f"/in/{provider}/{secret}", data=data, headers=headers).status_code


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_sns_has_signed_is_taken_and_its_certificate_fetched_once(
    visitor: FlaskClient, amazon: Amazon, secret: str, version: str
) -> None:
    assert posted(visitor, "ses", secret, notification(version)) == 200
    assert posted(visitor, "ses", secret, notification(version, MessageId="m2", Subject="Hi")) == 200
    assert amazon.asked == [URL]


def test_a_subscription_is_signed_over_its_own_fields(
    visitor: FlaskClient, amazon: Amazon, secret: str
) -> None:
    said = notification(Type="SubscriptionConfirmation", SubscribeURL="https://sns.example/yes", Token="t")
    assert posted(visitor, "ses", secret, said) == 200


@pytest.mark.parametrize(
    "forged",
    [
        {"Message": "{}"},
        {"Signature": "AAAA"},
        {"Signature": "!"},
        {"SignatureVersion": "3"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://evil@sns.eu-central-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://s3.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com:8443/x.pem"},
    ],
)
def test_what_somebody_else_has_signed_is_refused(
    visitor: FlaskClient, amazon: Amazon, secret: str, forged: dict[str, str]
) -> None:
    assert posted(visitor, "ses", secret, {**notification(), **forged}) == 403
    assert set(amazon.asked) <= {URL}


def test_while_the_certificate_is_out_of_reach_sns_is_asked_to_come_again(
    visitor: FlaskClient, amazon: Amazon, secret: str
) -> None:
    amazon.away = True
    assert posted(visitor, "ses", secret, notification()) == 503
    amazon.away = False
    assert posted(visitor, "ses", secret, notification()) == 200


def test_raw_delivery_is_admitted_by_the_address_alone(
    visitor: FlaskClient, amazon: Amazon, secret: str
) -> None:
    assert posted(visitor, "ses", secret, BOUNCE) == 200
    assert amazon.asked == []


def enter_key(admin: FlaskClient, provider: str, key: str) -> str:
    token = token_of(admin.get("/settings/inbound").text)
    form = {"key": key, "csrf_token": token}
    return admin.post(f"/settings/inbound/keys/{provider}", data=form, follow_redirects=True).text


def test_with_the_key_of_mailgun_only_its_own_posts_are_taken(
    visitor: FlaskClient, sign_in: SignIn, secret: str, runtime: Runtime
) -> None:
    def body(key: str, age: timedelta = timedelta()) -> dict[str, object]:
        stamp = str(int((runtime.real_now() - age).timestamp()))
        digest = hmac.new(key.encode(), f"{stamp}tok".encode(), hashlib.sha256).hexdigest()
        return {
            "signature": {"timestamp": stamp, "token": "tok", "signature": digest},
            "event-data": {},
        }

    assert posted(visitor, "mailgun", secret, {"event-data": {}}) == 200
    page = enter_key(sign_in("admin"), "mailgun", "key-1")
    assert "key-1" not in page
    assert posted(visitor, "mailgun", secret, body("key-1")) == 200
    assert posted(visitor, "mailgun", secret, body("key-1", timedelta(hours=8))) == 200
    assert posted(visitor, "mailgun", secret, body("key-1", timedelta(days=1))) == 403
    assert posted(visitor, "mailgun", secret, body("key-2")) == 403
    assert posted(visitor, "mailgun", secret, {"event-data": {}}) == 403
    assert posted(visitor, "mailgun", secret, b"\xff") == 403
    enter_key(sign_in("admin"), "mailgun", "")
    assert posted(visitor, "mailgun", secret, {"event-data": {}}) == 200


def test_with_the_key_of_sendgrid_only_its_own_posts_are_taken(
    visitor: FlaskClient, sign_in: SignIn, secret: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    enter_key(sign_in("admin"), "sendgrid", base64.b64encode(public).decode())
    body = b'[{"event":"open"}]'
    signature = base64.b64encode(key.sign(b"1772532000" + body, ec.ECDSA(SHA256()))).decode()
    headers = {
        "X-Twilio-Email-Event-Webhook-Timestamp": "1772532000",
        "X-Twilio-Email-Event-Webhook-Signature": signature,
    }
    assert posted(visitor, "sendgrid", secret, body, **headers) == 200
    assert posted(visitor, "sendgrid", secret, body + b" ", **headers) == 403
    assert posted(visitor, "sendgrid", secret, body) == 403


def test_where_nothing_is_signed_a_password_may_be_asked_for(
    visitor: FlaskClient, sign_in: SignIn, secret: str
) -> None:
    enter_key(sign_in("admin"), "postmark", "hook:pass word")
    good = "Basic " + base64.b64encode(b"hook:pass word").decode()
    assert posted(visitor, "postmark", secret, {}, Authorization=good) == 200
    assert posted(visitor, "postmark", secret, {}) == 403


def test_a_key_that_is_none_is_said_where_it_was_entered(sign_in: SignIn) -> None:
    page = enter_key(sign_in("admin"), "sendgrid", "hello")
    assert "This is not what the provider shows" in page
    assert "hello" not in page


def test_odd_bodies_are_no_messages_of_sns() -> None:
    for body in (b"", b"[]", b"\xff", b"[" * 5000, b'{"Type": "Notification"}'):
        assert sns_message(body) is None
    assert sns_certificate_url({"SigningCertURL": "https://[x"}) is None
    assert not usable("postmark", "nopassword")
    assert not CHECKS["mailgun"]("k", b"[1]", {})
