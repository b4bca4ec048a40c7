"""Servers that refuse a mail while it is handed over: what that means for the address, as if a report of it
had come back later."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.inbound import Desk, take_in_mail
from nurture.rules.bounces import return_path
from nurture.store.suppressions import Suppression
from nurture.store.webhooks import WebhookEndpoint, WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.mailroom import PEPPER, RING, Mailroom, mailer
from tests.mail.inbound import shapes
from tests.mail.scripted_smtp import ScriptedSmtp

FULL = "552 5.2.2 mailbox full"


@pytest.fixture
def room(sessions: sessionmaker[Session], tmp_path: Path, server: ScriptedSmtp) -> Mailroom:
    room = Mailroom(sessions, tmp_path, mailer(server.url), TUESDAY)
    room.outbox.softs = 3
    return room


def sends(room: Mailroom, server: ScriptedSmtp, lead: int, step: str, answer: str | None) -> int:
    server.on = lambda phase, _who: answer if phase == "rcpt" else None
    delivery = room.queue(lead, step_key=step)
    room.run()
    return delivery


def given_up(room: Mailroom) -> list[str]:
    with room.sessions() as session:
        return list(session.scalars(select(Suppression.reason)))


def test_a_mailbox_that_is_full_three_times_in_a_row_is_given_up(room: Mailroom, server: ScriptedSmtp):
    bert = room.lead("Bert")
    for step in ("a", "b"):
        delivery = sends(room, server, bert, step, FULL)
        assert room.state(delivery) == ("failed", "refused:5.2.2")
        assert room.get(delivery).bounced_at == TUESDAY
        assert given_up(room) == []
    sends(room, server, bert, "c", FULL)
    assert given_up(room) == ["soft_bounces"]


def test_a_mail_that_arrives_begins_the_count_anew(room: Mailroom, server: ScriptedSmtp):
    bert = room.lead("Bert")
    for step, answer in enumerate([FULL, FULL, None, FULL, FULL]):
        sends(room, server, bert, str(step), answer)
    assert given_up(room) == []


def test_mails_refused_for_themselves_neither_count_nor_begin_the_count_anew(
    room: Mailroom, server: ScriptedSmtp
):
    bert = room.lead("Bert")
    for step in range(5):
        sends(room, server, bert, f"spam {step}", "554 5.7.1 looks like spam")
    assert given_up(room) == []
    for step, answer in enumerate([FULL, "552 5.3.4 message too large", FULL, "554 5.7.1 spam", FULL]):
        sends(room, server, bert, str(step), answer)
    assert given_up(room) == ["soft_bounces"]


def test_refusals_at_the_door_and_reports_that_come_later_count_together(
    room: Mailroom, server: ScriptedSmtp
):
    bert = room.lead("Bert")
    desk = Desk(RING, PEPPER, softs=3)
    for step, answer in (("a", FULL), ("b", None), ("c", None)):
        delivery = sends(room, server, bert, step, answer)
        if answer is None:
            raw = shapes.dsn("smtp; 552 5.2.2 mailbox full", "5.2.2")
            path = return_path(RING, "bounce.nurture.example", delivery).encode()
            take_in_mail(
                room.sessions, desk, raw.replace(shapes.US.encode(), path), source="mail", now=TUESDAY
            )
    assert given_up(room) == ["soft_bounces"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("550 5.1.1 user is over quota", "refused:5.1.1"),
        ("550 5.2.1 mailbox temporarily suspended", "refused:5.2.1"),
        ("550 5.1.1 rejected, your host is on our blacklist", "refused:5.1.1"),
        ("550 5.1.8 sender address rejected: domain not found", "refused:5.1.8"),
        ("550 sorry, no mailbox here by that name", "bounced"),
        ("554 5.0.0 Empfänger unbekannt", "bounced"),
        ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "bounced"),
    ],
)
def test_an_answer_is_judged_by_all_it_says_not_by_its_code_alone(
    room: Mailroom, server: ScriptedSmtp, answer: str, reason: str
):
    delivery = sends(room, server, room.lead("Bert"), "a", answer)
    assert room.state(delivery) == ("failed", reason)
    assert given_up(room) == (["hard_bounce"] if reason == "bounced" else [])


def test_listeners_hear_of_a_full_mailbox_as_of_one_that_a_report_tells(room: Mailroom, server: ScriptedSmtp):
    with room.sessions.begin() as session:
        session.add(WebhookEndpoint(url="https://crm.example/hook", types=[], secrets=[], created_at=TUESDAY))
    delivery = sends(room, server, room.lead("Bert"), "a", FULL)
    with room.sessions() as session:
        [told] = session.scalars(select(WebhookMessage).where(WebhookMessage.type == "delivery.bounced"))
        said = json.loads(told.body)["data"]
    assert (said["delivery_id"], said["kind"], said["reason"]) == (delivery, "soft", "mailbox_full")
    assert (said["status"], said["reply"]) == ("5.2.2", FULL)


def test_a_mailbox_full_for_three_days_counts_once_it_is_given_up(room: Mailroom, server: ScriptedSmtp):
    server.on = lambda phase, _who: "452 4.2.2 over quota" if phase == "rcpt" else None
    delivery = room.queue(room.lead("Bert"))
    now = TUESDAY
    for _day in range(40):
        room.run(now=now)
        if room.state(delivery)[0] == "failed":
            break
        assert room.get(delivery).bounced_at is None
        now += timedelta(hours=4)
    assert room.state(delivery) == ("failed", "given_up")
    assert room.get(delivery).bounced_at == now
