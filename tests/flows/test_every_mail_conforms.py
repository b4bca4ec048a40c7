"""Every kind of mail that leaves, with names that try to break out of their places: its bytes, as a server
took them, conform, are signed twice, and go to whom they were meant for and nobody else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dkim
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.vault import Vault
from nurture.flows.domains import add_domain, make_key, sign_now
from nurture.flows.queue_mail import keep_own_mail, queue_test
from nurture.flows.senders import keep_house
from nurture.mail.layouts import FOLDER
from nurture.mail.standards import faults
from nurture.net.resolver import Dns
from nurture.store import deliveries, installation
from tests.conftest import TUESDAY
from tests.flows.mailroom import BASE, RING, Mailroom, mailer
from tests.flows.press import Press
from tests.name_server import NameServer
from tests.sinks import SmtpSink

NASTY = (
    'Jörg "Ø" <b>Ärmel</b>\r\nBcc: evil@evil.example\r\n.\r\n\u2028=?utf-8?q?x?= '
    "{{ 7*7 }} " + "長い名前" * 60
)  # fmt: skip
OWN = sorted(path.name.removesuffix(".md") for path in (FOLDER / "service").glob("*.md"))
_LOOP = re.compile(r"for (\w+) in params\.(\w+)")


def told(words: str) -> dict[str, Any]:
    """Something nasty for every parameter that a mail names; lists where it loops."""
    names = set(re.findall(r"params\.(\w+)", words))
    params: dict[str, Any] = {one: f"{BASE}/x/{one}" if one.endswith("url") else NASTY for one in names}
    for one, many in _LOOP.findall(words):
        parts = set(re.findall(rf"{one}\.(\w+)", words)) - {"index"}
        params[many] = [dict.fromkeys(parts, NASTY) if parts else NASTY] * 3
    return params


@pytest.fixture
def zone() -> Iterator[NameServer]:
    with NameServer({}) as server:
        yield server


@pytest.fixture
def room(
    sessions: sessionmaker[Session], zone: NameServer, smtp_sink: SmtpSink, tmp_path: Path
) -> Iterator[Mailroom]:
    """A company of a long name that signs with RSA and Ed25519."""
    vault = Vault(RING)
    room = Mailroom(sessions, tmp_path, mailer(smtp_sink.url), TUESDAY)
    room.outbox = room.new_outbox(vault=vault, bounce_domain="bounce.news.example")
    with sessions.begin() as session:
        installation.get(session).company_name = "Grün & Söhne " * 12
        keep_house(session, name='Änne, "die" Chefin', email="anna@news.example", reply_to=None, now=TUESDAY)
        domain = add_domain(session, "news.example", by="test", now=TUESDAY).id
        for algorithm in ("rsa", "ed25519"):
            key = make_key(session, vault, domain, algorithm, by="test", now=TUESDAY)
            sign_now(session, key.id, domain, by="test", now=TUESDAY)
            zone.zone[f"{key.selector}._domainkey.news.example", "TXT"] = [key.public]
    yield room
    room.outbox.close()


def conform(sink: SmtpSink, zone: NameServer, purposes: dict[str, str]) -> None:
    """Each mail in the sink, by its purpose under the address that it went to."""
    ask = Dns([zone.address]).records

    def txt(name: bytes, timeout: int = 5) -> bytes:
        return ask(name.decode().rstrip("."), "TXT").values[0].encode()

    assert {mail.recipient for mail in sink.mails} == set(purposes)
    for mail in sink.mails:
        to = mail.recipient
        assert faults(mail.raw, purposes[to]) == [], to
        assert mail.raw.count(b"DKIM-Signature:") == 2, to
        assert all(dkim.DKIM(mail.raw).verify(idx=at, dnsfunc=txt) for at in (0, 1)), to
        head = mail.raw.partition(b"\r\n\r\n")[0].lower()
        assert b"\nbcc:" not in head and b"evil@" not in head, to
        assert "<b>" not in mail.part("html"), to
        plain = mail.part("plain")
        assert ("{{ 7*7 }}" in plain) == ("evil@" in plain), to
        assert mail.sender.startswith("b+"), to


def test_chain_newsletter_and_test_conform(
    room: Mailroom, zone: NameServer, smtp_sink: SmtpSink, clock: Any
) -> None:
    first = room.queue(room.lead(NASTY, email="chain@bücher.example"))
    with room.sessions.begin() as session:
        queue_test(
            session, room.mail_version_id, "test@leads.example", dedup_key="t", lead_id=None, now=TUESDAY
        )
    room.run_dry()
    assert room.state(first)[0] == "sent"
    Press(room, clock).do("schedule", Press(room, clock).write(subject="Größe " * 80))
    with room.sessions.begin() as session:
        session.execute(
            text("UPDATE lead SET email = 'news@leads.example', email_norm = 'news@leads.example'")
        )
    Press(room, clock).run()
    conform(
        smtp_sink,
        zone,
        {
            "chain@xn--bcher-kva.example": "chain",
            "test@leads.example": "test",
            "news@leads.example": "newsletter",
        },
    )


def test_every_mail_of_our_own_conforms_in_every_language(
    room: Mailroom, zone: NameServer, smtp_sink: SmtpSink
) -> None:
    purposes = {}
    with room.sessions.begin() as session:
        for name in OWN:
            key, _dot, language = name.partition(".")
            purpose = "confirmation" if key == "confirm" else "notice"
            version = keep_own_mail(session, key, [language or "en"], now=TUESDAY)
            params = told((FOLDER / "service" / f"{name}.md").read_text("utf-8"))
            address = f"{name}@office.example"
            purposes[address] = purpose
            deliveries.queue(
                session,
                dedup_key=name,
                purpose=purpose,
                mail_version_id=version,
                lead_id=None,
                address=address,
                params=params,
                now=TUESDAY,
            )
    room.run_dry()
    assert len(purposes) == len(OWN) >= 28
    conform(smtp_sink, zone, purposes)
