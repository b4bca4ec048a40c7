"""Mails over the interfaces of services, and what comes back by a service's own name for them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.vault import Vault
from nurture.flows.inbound import Desk, take_in_events, take_in_mail
from nurture.mail.inbound.providers import read_events
from nurture.store import transports
from tests.conftest import TUESDAY
from tests.flows.couriers import courier, queue, serve_until, states
from tests.flows.mailroom import PEPPER, RING, Mailroom, mailer
from tests.mail.scripted_api import Answer, Call, ScriptedApi

DESK = Desk(RING, PEPPER)
SES = "0102018f3a5b6c7d-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-000000"
POSTMARK = "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"
SENDGRID = "XBg2anf2TqCy6WXKQFhieQ"
OUR_ID = "<m-1@news.example>"

SETTINGS: dict[str, dict[str, str]] = {
    "ses": {"region": "eu-west-1", "access_key": "AKIDEXAMPLE"},
    "mailgun": {"domain": "news.example"},
    "postmark": {},
    "sendgrid": {},
}
TAKEN = {
    "ses": Answer(200, {"MessageId": SES}),
    "mailgun": Answer(200, {"id": OUR_ID, "message": "Queued. Thank you."}),
    "postmark": Answer(200, [{"ErrorCode": 0, "Message": "OK", "MessageID": POSTMARK}]),
    "sendgrid": Answer(202, None, {"X-Message-Id": SENDGRID}),
}
# As the services tell of a bounce, by their own name for the mail alone.
BOUNCED: dict[str, Any] = {
    "ses": {
        "notificationType": "Bounce",
        "bounce": {
            "feedbackId": "f-1",
            "bounceType": "Permanent",
            "bounceSubType": "NoEmail",
            "bouncedRecipients": [{"emailAddress": "hidden", "status": "5.1.1", "action": "failed"}],
        },
        "mail": {"messageId": SES},
    },
    "mailgun": {
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "id": "e-1",
            "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "no such user"},
            "message": {"headers": {"message-id": OUR_ID.strip("<>")}},
        }
    },
    "postmark": {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "ID": 42,
        "MessageID": POSTMARK,
        "Details": "smtp;550 5.1.1 no such user",
    },
    "sendgrid": [
        {
            "event": "bounce",
            "status": "5.1.1",
            "reason": "550 5.1.1 no such user",
            "sg_event_id": "e-1",
            "sg_message_id": f"{SENDGRID}.filter0001.16648.5515E0B88.0",
        }
    ],
}


@pytest.fixture
def room(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[Mailroom]:
    yield Mailroom(sessions, tmp_path, mailer("smtp://127.0.0.1:1"), TUESDAY)


def add_service(room: Mailroom, kind: str, url: str) -> None:
    with room.sessions.begin() as session:
        values = {
            "key": kind,
            "name": kind.title(),
            "kind": kind,
            "settings": SETTINGS[kind] | {"endpoint": url},
            "sealed": Vault(RING).seal("secret"),
            "is_default": True,
        }
        transports.new(session, values, now=TUESDAY)


@pytest.fixture
def send(room: Mailroom) -> Callable[[str], int]:
    """`send(kind)`: a mail to Anna goes out over that service; its delivery."""

    def out(kind: str) -> int:
        with ScriptedApi(lambda call, number: TAKEN[kind]) as service:
            add_service(room, kind, service.url)
            [delivery] = queue(room, "Anna")
            with courier(room) as one:
                serve_until(one, TUESDAY, lambda: states(room) == {"sent": 1})
        return delivery

    return out


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_what_a_service_tells_by_its_own_name_for_a_mail_finds_it(
    room: Mailroom, send: Callable[[str], int], kind: str
) -> None:
    delivery = send(kind)
    events = read_events(kind, json.dumps(BOUNCED[kind]).encode())
    [taken] = take_in_events(room.sessions, DESK, events, source=kind, now=TUESDAY)
    assert (taken.kind, taken.delivery_id) == ("hard", delivery)
    assert room.get(delivery).bounced_at == TUESDAY


def test_an_answer_names_the_mail_as_the_service_renamed_it(
    room: Mailroom, send: Callable[[str], int]
) -> None:
    delivery = send("ses")
    raw = (
        "From: anna@leads.example\r\nTo: anna@news.example\r\nSubject: Re: A case for Anna\r\n"
        f"In-Reply-To: <{SES}@eu-west-1.amazonses.com>\r\n\r\nTell me more.\r\n"
    ).encode()
    taken = take_in_mail(room.sessions, DESK, raw, source="mail", now=TUESDAY)
    assert (taken.kind, taken.delivery_id) == ("reply", delivery)


def test_a_service_that_took_a_mail_and_never_said_so_leaves_it_in_doubt_and_a_throttle_does_not(
    room: Mailroom,
) -> None:
    busy = Answer(400, {"message": "Rate exceeded"}, {"x-amzn-ErrorType": "ThrottlingException"})

    def answer(call: Call, number: int) -> Answer:
        return Answer(504) if b"anna@leads" in call.body else busy

    with ScriptedApi(answer) as service:
        add_service(room, "ses", service.url)
        [anna, bert] = queue(room, "Anna", "Bert")
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: room.state(anna)[0] == "uncertain")
        assert len(service.calls) == 2
    assert room.state(anna) == ("uncertain", "no_answer_after_dot")
    assert room.get(bert).attempt_no == 0
