"""No address that a person or a stranger names makes this machine knock at an inner door (CVE-2022-25777)."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from nurture.config import Settings, load_settings
from nurture.flows.inbound import secret_of
from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from tests.sinks import SmtpSink
from tests.web.api_caller import Caller, api, caller, problem
from tests.web.conftest import SignIn, token_of

__all__ = ["api", "caller"]
# This machine and its surroundings, under every name that some library understands.
INNER = (
    "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://127.1/", "https://0/", "https://0.0.0.0/", "https://[::]/", "https://[::1]/", "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/", "https://[fe80::1]/", "https://10.0.0.8/", "https://172.16.0.1/",
    "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://metadata.google.internal/",
    "https://100.100.100.200/", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "https://127。0。0。1/", "https://printer.local/",
    "http://crm.example.com/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://127.0.0.1/",
    "https://crm.example.com@127.0.0.1/", "https://127.0.0.1#@crm.example.com/", "https://crm.example.com:22/",
    "https://crm.example.com\\@127.0.0.1/", "dict://127.0.0.1:11211/", "//127.0.0.1/",
    "jar:https://127.0.0.1!/", "https://127.0.0.1.nip.io.:5432/",
)  # fmt: skip


class Bell:
    """A door of this machine that counts who knocks."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.rings = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                visitor, _address = self._socket.accept()
            except OSError:
                return
            self.rings += 1
            visitor.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def bell() -> Iterator[Bell]:
    bell = Bell()
    yield bell
    bell.close()


@pytest.fixture
def settings(settings: Settings, smtp_sink: SmtpSink) -> Settings:
    """The same house without the word that opens inner addresses."""
    return load_settings(
        {
            "NURTURE_HOME": str(settings.home),
            "NURTURE_DATABASE_URL": str(settings.database_url),
            "NURTURE_REDIS_URL": str(settings.redis_url),
            "NURTURE_SMTP_URL": smtp_sink.url,
            "NURTURE_LIVE": "1",
        }
    )


@pytest.mark.parametrize("url", INNER)
def test_no_endpoint_of_webhooks_is_made_or_moved_to_an_inner_address(
    app: Flask, api: Caller, sign_in: SignIn, runtime: Runtime, url: str
) -> None:
    assert "url" in problem(api.post("/webhook_endpoints", json={"url": url}), 422)["errors"]
    good = api.post("/webhook_endpoints", json={"url": "https://crm.example.com/in"}).json["id"]
    assert "url" in problem(api.patch(f"/webhook_endpoints/{good}", json={"url": url}), 422)["errors"]
    admin = sign_in("admin")
    token = token_of(admin.get("/webhooks").text)
    assert admin.post("/webhooks", data={"csrf_token": token, "url": url}).status_code == 422
    with runtime.sessions() as session:
        assert session.execute(text("SELECT url FROM webhook_endpoint")).scalars().all() == [
            "https://crm.example.com/in"
        ]


def test_an_endpoint_kept_from_before_is_not_knocked_at_either(
    app: Flask, api: Caller, runtime: Runtime, bell: Bell
) -> None:
    number = api.post("/webhook_endpoints", json={"url": "https://crm.example.com/in"}).json["id"]
    for url in (f"https://127.0.0.1:{bell.port}/", f"http://localhost:{bell.port}/"):
        with runtime.sessions.begin() as session:
            session.execute(text("UPDATE webhook_endpoint SET url = :url"), {"url": url})
        assert api.post(f"/webhook_endpoints/{number}/test").status_code == 202
        with streams(runtime) as work:
            for _turn in range(5):
                sum(one.serve(runtime.now()) for one in work)
    with runtime.sessions() as session:
        assert session.execute(text("SELECT count(*) FROM webhook_attempt")).scalar_one() >= 2
    assert bell.rings == 0


@pytest.mark.parametrize("kind", ["postmark", "sendgrid", "mailgun", "ses"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_no_mail_service_lies_at_an_inner_address(
    app: Flask, api: Caller, bell: Bell, kind: str, host: str
) -> None:
    needed = {"ses": {"region": "eu-west-1", "access_key": "AK"}, "mailgun": {"domain": "mail.example.com"}}
    for scheme in ("https", "http"):
        settings = {**needed.get(kind, {}), "endpoint": f"{scheme}://{host}:{bell.port}"}
        said = {"name": "way out", "kind": kind, "secret": "s", "settings": settings}
        made = api.post("/transports", json=said)
        if made.status_code == 201:
            answer = api.post(f"/transports/{made.json['id']}/test")
            assert answer.status_code < 500 and answer.json.get("ok") is not True, answer.text
    assert bell.rings == 0


def test_a_strangers_report_makes_nobody_fetch_a_certificate_or_confirm(
    app: Flask, runtime: Runtime, bell: Bell
) -> None:
    for inner in (
        f"https://127.0.0.1:{bell.port}/x.pem",
        f"https://sns.eu-west-1.amazonaws.com@127.0.0.1:{bell.port}/x.pem",
        f"https://sns.eu-west-1.amazonaws.com.127.0.0.1:{bell.port}/x.pem",
        f"http://localhost:{bell.port}/x.pem",
    ):
        said = {
            "Type": "SubscriptionConfirmation", "MessageId": "m", "TopicArn": "arn", "Message": "x",
            "Timestamp": "2026-03-03T10:00:00Z", "Token": "t", "SignatureVersion": "1", "Signature": "AA==",
            "SubscribeURL": inner, "SigningCertURL": inner,
        }  # fmt: skip
        answer = app.test_client().post(f"/in/ses/{secret_of(runtime.ring)}", data=json.dumps(said))
        assert answer.status_code in (403, 422), answer.text
    assert bell.rings == 0
