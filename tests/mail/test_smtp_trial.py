"""Trying a mail server out: each step against real servers, each failure a sentence that helps."""

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nurture.mail.smtp_trial import Step, trial
from nurture.mail.smtp_url import parse_smtp_url
from nurture.net.resolver import resolve
from tests.conftest import TUESDAY
from tests.mail.scripted_smtp import ScriptedSmtp
from tests.sinks import SmtpSink, free_port

US, MIA = "mira@kessler-ohm.example", "mia@example.com"


def tried(url: str, sender: str = US) -> list[Step]:
    return trial(parse_smtp_url(url), "localhost", sender, MIA, resolve)


def failure(steps: list[Step]) -> tuple[str, str]:
    """The step that fails, which is the last one."""
    assert [step.ok for step in steps].count(False) == 1 and steps[-1].ok is False
    return steps[-1].name, steps[-1].sentence


def test_a_server_that_works_passes_every_step_and_gets_no_mail(smtp_sink: SmtpSink) -> None:
    steps = tried(smtp_sink.url)
    assert [(step.name, step.ok) for step in steps] == [
        ("name", True),
        ("connection", True),
        ("tls", None),
        ("login", None),
        ("mail", True),
    ]
    assert "127.0.0.1" in steps[0].sentence
    assert smtp_sink.mails == []


def test_a_name_that_nobody_has_is_said_first() -> None:
    name, sentence = failure(tried("smtp://mail.nowhere.invalid:25"))
    assert name == "name" and "is it spelled right" in sentence


def test_a_port_where_nothing_listens() -> None:
    name, sentence = failure(tried(f"smtp://127.0.0.1:{free_port()}"))
    assert name == "connection" and "is the port right" in sentence


def test_a_server_that_turns_strangers_away_is_quoted() -> None:
    def refuse(phase: str, argument: str) -> str | None:
        return "554 5.7.1 your network is blocked" if phase == "connect" else None

    with ScriptedSmtp(refuse) as server:
        name, sentence = failure(tried(server.url))
    assert name == "connection" and "554 5.7.1 your network is blocked" in sentence


def test_a_wrong_password_names_the_usual_reason() -> None:
    with SmtpSink(login=("us", "right")) as sink:
        right = tried(sink.url)
        name, sentence = failure(tried(sink.url.replace("right", "wrong")))
    assert [step.ok for step in right] == [True, True, None, True, True]
    assert name == "login" and "password for programs" in sentence and "535" in sentence


def test_a_login_that_is_missing() -> None:
    with SmtpSink(login=("us", "right")) as sink:
        name, sentence = failure(tried(f"smtp://127.0.0.1:{sink.port}"))
    assert name == "mail" and "wants a login first" in sentence


@pytest.mark.parametrize(
    ("phase", "reply", "words"),
    [
        ("mail", "553 5.7.1 sender not owned", "does not let us send as mira@kessler-ohm.example"),
        ("rcpt", "550 5.7.1 relaying denied", "passes no mail on for strangers"),
        ("rcpt", "451 4.7.1 greylisted", "try again in some minutes"),
    ],
)
def test_a_mail_that_would_not_be_taken(phase: str, reply: str, words: str) -> None:
    def say(at: str, argument: str) -> str | None:
        return reply if at == phase else None

    with ScriptedSmtp(say) as server:
        name, sentence = failure(tried(server.url))
    assert name == "mail" and words in sentence and reply in sentence and server.log == []


def test_nobody_is_set_as_the_sender(smtp_sink: SmtpSink) -> None:
    name, sentence = failure(tried(smtp_sink.url, sender=""))
    assert name == "mail" and "fill in the sender address" in sentence


def test_a_server_without_starttls_where_it_must_be(smtp_sink: SmtpSink) -> None:
    name, sentence = failure(tried(f"{smtp_sink.url}?starttls=required"))
    assert name == "tls" and "offers no STARTTLS" in sentence


def test_a_plain_port_taken_for_one_with_tls(smtp_sink: SmtpSink) -> None:
    name, sentence = failure(tried(smtp_sink.url.replace("smtp://", "smtps://")))
    assert name == "connection" and "smtp:// instead of smtps://" in sentence


@pytest.fixture
def certified(tmp_path: Path) -> Callable[[], Controller]:
    """A server with TLS from the first byte and a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.com")])
    number, until = x509.random_serial_number(), TUESDAY + timedelta(days=9999)
    draft = x509.CertificateBuilder(name, name, key.public_key(), number, TUESDAY, until)
    certificate = draft.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "server.pem"
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return lambda: Controller(SmtpSink(), hostname="127.0.0.1", port=free_port(), ssl_context=context)


def test_a_certificate_that_is_not_genuine(certified: Callable[[], Controller]) -> None:
    server = certified()
    server.start()
    try:
        name, sentence = failure(tried(f"smtps://127.0.0.1:{server.port}"))
        taken = tried(f"smtps://127.0.0.1:{server.port}?verify=no")
    finally:
        server.stop()
    assert name == "connection" and "certificate is not genuine" in sentence
    assert [step.ok for step in taken] == [True, True, True, None, True]
    assert "was not checked" in taken[2].sentence
