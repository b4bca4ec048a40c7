"""What comes back changes what it proves to be about, once, and nothing else."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.consent import grant
from nurture.flows.inbound import Desk, Taken, forget_strangers, secret_of, take_in_events, take_in_mail
from nurture.flows.leads import erase_lead
from nurture.flows.senders import keep_house
from nurture.mail.inbound.providers import read_events
from nurture.rules.bounces import return_path
from nurture.rules.tokens import KeyRing
from nurture.store import consents, suppressions
from nurture.store.deliveries import Delivery
from nurture.store.enrollments import Enrollment
from nurture.store.leads import Lead
from nurture.store.webhook_endpoints import WebhookEndpoint
from tests.conftest import TUESDAY
from tests.flows.mailroom import RING as MAILROOM_RING
from tests.flows.mailroom import Mailroom, mailer
from tests.mail.inbound import shapes
from tests.mailed import Mailing, a_delivery, a_lead, a_mailing
from tests.sinks import SmtpSink

RING = KeyRing((b"k" * 32,))
DESK = Desk(RING, b"p" * 32, softs=3)
Send = Callable[..., Taken]


@pytest.fixture
def mailing(db: Session) -> Mailing:
    return a_mailing(db)


@pytest.fixture
def anna(db: Session) -> Lead:
    anna = a_lead(db)
    grant(db, anna.id, "marketing", wording="Yes", channel="form", proof={}, now=TUESDAY)
    db.commit()
    return anna


@pytest.fixture
def comes_back(sessions: sessionmaker[Session]) -> Send:
    """`comes_back(raw, delivery_id)`: a report to the return path of that delivery."""

    def send(raw: bytes, delivery_id: int | None = None) -> Taken:
        path = return_path(RING, "bounce.nurture.example", delivery_id) if delivery_id else "b+x@b.example"
        return take_in_mail(
            sessions, DESK, raw.replace(shapes.US.encode(), path.encode()), source="mail", now=TUESDAY
        )

    return send


UNKNOWN = shapes.dsn("smtp; 550 5.1.1 User unknown", "5.1.1")
FULL = shapes.dsn("smtp; 552 5.2.2 mailbox full", "5.2.2")
SPAM = shapes.dsn("smtp; 554 5.7.1 rejected as spam", "5.7.1")
REPLY = next(one for one in shapes.OTHERS if one.name == "reply").raw
AWAY = next(one for one in shapes.OTHERS if one.name == "vacation").raw


def delivery(db: Session, delivery_id: int) -> Delivery:
    db.expire_all()
    return db.get_one(Delivery, delivery_id)


def reason_of(db: Session, lead: Lead) -> str | None:
    digest = suppressions.address_hash(DESK.pepper, lead.email_norm or "")
    return suppressions.suppressed(db, [digest]).get(digest)


def count(db: Session, query: str) -> int:
    db.rollback()
    return int(db.scalar(text(query)) or 0)


def test_a_hard_bounce_marks_the_delivery_and_suppresses_the_address_at_once(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent = a_delivery(db, mailing, anna)
    assert comes_back(UNKNOWN, sent).kind == "hard"
    assert delivery(db, sent).bounced_at == TUESDAY
    assert reason_of(db, anna) == "hard_bounce"


def test_of_several_recipients_each_has_a_verdict_of_its_own(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    both = shapes.dsn(
        "smtp; 550 5.1.1 User unknown",
        "5.1.1",
        extra="\r\nFinal-Recipient: rfc822; anna@example.com\r\nAction: delivered\r\nStatus: 2.0.0",
    )
    sent = a_delivery(db, mailing, anna)
    assert comes_back(both, sent).kind == "ignore"
    full = both.replace(b"Action: delivered\r\nStatus: 2.0.0", b"Action: failed\r\nStatus: 5.2.2")
    assert comes_back(full, sent).kind == "soft"
    assert reason_of(db, anna) is None
    assert comes_back(full.replace(b"anna@example.com", b"bob@example.com"), sent).kind == "soft"
    assert reason_of(db, anna) is None, "passed on to two, and one of them may take it yet"


def test_the_same_report_again_changes_nothing(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    db.add(WebhookEndpoint(url="https://crm.example/hook", types=[], secrets=[], created_at=TUESDAY))
    db.commit()
    sent = a_delivery(db, mailing, anna)
    assert comes_back(UNKNOWN, sent).new
    assert not comes_back(UNKNOWN, sent).new
    assert count(db, "SELECT count(*) FROM webhook_message WHERE type = 'delivery.bounced'") == 1
    assert count(db, "SELECT n FROM step_count WHERE what = 'bounced'") == 1


def test_a_report_without_a_token_of_ours_is_kept_and_changes_nothing(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent = a_delivery(db, mailing, anna)
    forged = UNKNOWN.replace(b"ann@garden.example", b"anna@example.com")
    assert comes_back(forged) == Taken("hard", new=True, delivery_id=None)
    assert delivery(db, sent).bounced_at is None
    assert reason_of(db, anna) is None
    assert count(db, "SELECT count(*) FROM inbound_report") == 1


def test_what_names_nobody_is_dropped_after_a_month_and_nothing_else_is(
    sessions: sessionmaker[Session], db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    comes_back(UNKNOWN, a_delivery(db, mailing, anna))
    comes_back(FULL)
    month = timedelta(days=30)
    assert forget_strangers(sessions, now=TUESDAY + month) == 0
    assert forget_strangers(sessions, now=TUESDAY + month + timedelta(seconds=1)) == 1
    assert count(db, "SELECT count(*) FROM inbound_report") == 1
    assert count(db, "SELECT count(*) FROM inbound_report WHERE delivery_id IS NULL") == 0


def test_a_message_id_of_ours_stands_for_a_lost_return_path(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent = a_delivery(db, mailing, anna)
    ours = str(delivery(db, sent).message_id).encode()
    raw = UNKNOWN.replace(b"0195d2a0-0000-4000-8000-000000000001", ours)
    assert comes_back(raw).delivery_id == sent


def test_soft_bounces_give_an_address_up_only_after_so_many_in_a_row(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    for number in range(3):
        assert reason_of(db, anna) is None
        comes_back(FULL, a_delivery(db, mailing, anna, key=str(number)))
    assert reason_of(db, anna) == "soft_bounces"


def test_a_mail_that_arrives_in_between_begins_the_count_anew(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    for number in range(4):
        sent = a_delivery(db, mailing, anna, key=str(number))
        if number != 1:
            comes_back(FULL, sent)
    assert reason_of(db, anna) is None


def test_a_mail_refused_for_its_content_never_counts_against_the_address(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    for number in range(5):
        comes_back(SPAM, a_delivery(db, mailing, anna, key=str(number)))
    assert reason_of(db, anna) is None


def test_a_delay_is_no_bounce(db: Session, mailing: Mailing, anna: Lead, comes_back: Send) -> None:
    sent = a_delivery(db, mailing, anna)
    comes_back(shapes.dsn("smtp; 450 busy", "4.3.2", action="delayed"), sent)
    assert delivery(db, sent).bounced_at is None


def test_a_complaint_withdraws_every_consent_and_suppresses(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent = a_delivery(db, mailing, anna)
    waiting = a_delivery(db, mailing, anna, key="2", state="ready", sent_at=None)
    db.execute(text("UPDATE delivery SET consent_purpose = 'marketing' WHERE id = :id"), {"id": waiting})
    db.commit()
    assert comes_back(shapes.complaint(), sent).kind == "complaint"
    assert delivery(db, sent).complained_at == TUESDAY
    assert delivery(db, waiting).state == "cancelled"
    assert reason_of(db, anna) == "complaint"
    assert consents.standing(db, anna.id)["marketing"] == "withdrawn"


def an_enrollment(db: Session, mailing: Mailing, lead: Lead) -> int:
    run = Enrollment(
        program_id=mailing.program_id,
        chain_id=mailing.chain_id,
        version_id=mailing.version_id,
        lead_id=lead.id,
        step_key="welcome",
        due_at=TUESDAY + timedelta(days=1),
        data={},
        entered_at=TUESDAY,
    )
    db.add(run)
    db.commit()
    return run.id


def test_a_reply_is_a_signal_with_its_words_and_stops_the_chain(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent, run = a_delivery(db, mailing, anna), an_enrollment(db, mailing, anna)
    assert comes_back(REPLY, sent).kind == "reply"
    db.expire_all()
    assert db.get_one(Enrollment, run).state == "ended"
    row = db.execute(text("SELECT kind, data ->> 'text' AS words, mail_key FROM signal")).one()
    assert row == ("replied", "Please call me about the big shears.", "welcome")


def test_an_automatic_answer_is_nothing_but_a_record(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent, run = a_delivery(db, mailing, anna), an_enrollment(db, mailing, anna)
    assert comes_back(AWAY, sent) == Taken("autoreply", new=True, delivery_id=sent)
    db.expire_all()
    assert db.get_one(Enrollment, run).state == "active"
    assert count(db, "SELECT count(*) FROM signal") == 0


def test_an_answer_that_only_says_unsubscribe_is_one(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent = a_delivery(db, mailing, anna)
    comes_back(REPLY.replace(b"Please call me about the big shears.", b"Unsubscribe!"), sent)
    assert consents.standing(db, anna.id)["marketing"] == "withdrawn"


def test_an_answer_from_another_address_of_the_lead_is_the_leads(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent, run = a_delivery(db, mailing, anna), an_enrollment(db, mailing, anna)
    ours = str(delivery(db, sent).message_id).encode()
    raw = REPLY.replace(b"ann@garden.example", b"ann.at.home@house.example")
    raw = raw.replace(b"0195d2a0-0000-4000-8000-000000000001", ours)
    assert comes_back(raw) == Taken("reply", new=True, delivery_id=sent)
    db.expire_all()
    assert db.get_one(Enrollment, run).state == "ended"
    assert count(db, "SELECT lead_id FROM signal WHERE kind = 'replied'") == anna.id


def test_what_came_back_from_a_person_goes_with_the_person(
    db: Session,
    sessions: sessionmaker[Session],
    mailing: Mailing,
    anna: Lead,
    comes_back: Send,
    tmp_path: Path,
) -> None:
    comes_back(REPLY, a_delivery(db, mailing, anna))
    comes_back(b"From: A. <Anna@Example.com>\nSubject: hello\n\nWho are you?\n")
    comes_back(b"From: bob@example.com\nSubject: hello\n\nWho are you?\n")
    with sessions.begin() as session:
        erase_lead(session, anna.id, pepper=DESK.pepper, home=tmp_path, now=TUESDAY, by="test")
    kept = "SELECT count(*) FROM inbound_report WHERE raw IS NOT NULL"
    assert count(db, "SELECT count(*) FROM inbound_report") == 3
    assert count(db, kept) == count(db, f"{kept} AND position('bob' IN encode(raw, 'escape')) > 0") == 1
    assert count(db, "SELECT count(*) FROM inbound_report WHERE text <> '' OR subject <> ''") == 1


def test_who_has_left_at_the_provider_has_left(
    db: Session, sessions: sessionmaker[Session], mailing: Mailing, anna: Lead
) -> None:
    sent = a_delivery(db, mailing, anna)
    body = b'[{"event": "unsubscribe", "email": "anna@example.com", "sg_event_id": "u1"}]'
    events = read_events("sendgrid", body)
    assert take_in_events(sessions, DESK, events, source="sendgrid", now=TUESDAY) == [
        Taken("unsubscribed", new=True, delivery_id=sent)
    ]
    assert consents.standing(db, anna.id)["marketing"] == "withdrawn"
    assert [entry.channel for entry in consents.ledger(db, anna.id)][-1] == "provider"


def test_events_in_any_order_and_more_than_once_come_to_the_same(
    db: Session, sessions: sessionmaker[Session], mailing: Mailing, anna: Lead
) -> None:
    a_delivery(db, mailing, anna)
    told = [
        {"event": "spamreport", "email": "anna@example.com", "sg_event_id": "3"},
        {"event": "bounce", "email": "anna@example.com", "sg_event_id": "2", "reason": "550 no such user"},
        {"event": "sparkled", "email": "anna@example.com", "sg_event_id": "9"},
        {"event": "delivered", "email": "anna@example.com", "sg_event_id": "1"},
    ]
    for said in (told, told[::-1], told[:2]):
        events = read_events("sendgrid", json.dumps(said).encode())
        take_in_events(sessions, DESK, events, source="sendgrid", now=TUESDAY)
    assert count(db, "SELECT count(*) FROM inbound_report") == 2
    assert reason_of(db, anna) in ("complaint", "hard_bounce")
    assert count(db, "SELECT count(*) FROM consent WHERE state = 'withdrawn'") == 1


def test_a_delivery_in_doubt_was_sent_when_anything_comes_back(
    db: Session, mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    sent = a_delivery(db, mailing, anna, state="uncertain", sent_at=None)
    comes_back(AWAY, sent)
    found = delivery(db, sent)
    assert (found.state, found.sent_at is not None) == ("sent", True)


def test_a_provider_may_name_the_recipient(
    db: Session, sessions: sessionmaker[Session], mailing: Mailing, anna: Lead
) -> None:
    sent = a_delivery(db, mailing, anna)
    body = b'{"type": "bounce", "recipient": "Anna@example.com", "reply": "550 no such user", "id": "7"}'
    for new in (True, False):
        (taken,) = take_in_events(sessions, DESK, read_events("generic", body), source="generic", now=TUESDAY)
        assert taken == Taken("hard", new=new, delivery_id=sent if new else None)
    assert reason_of(db, anna) == "hard_bounce"


def test_a_service_that_tells_of_a_sender_nobody_believes_pauses_it_and_a_mail_that_says_so_does_not(
    db: Session, sessions: sessionmaker[Session], mailing: Mailing, anna: Lead, comes_back: Send
) -> None:
    words = "550 5.7.515 Access denied, sending domain news.example does not pass authentication"
    with sessions.begin() as session:
        keep_house(session, name="Anna", email="anna@news.example", reply_to=None, now=TUESDAY)
    comes_back(shapes.dsn(f"smtp; {words}", "5.7.515"), a_delivery(db, mailing, anna))
    assert count(db, "SELECT count(*) FROM sender_pause") == 0
    told = {"type": "bounce", "recipient": anna.email, "status": "5.7.515", "reply": words, "id": "e1"}
    take_in_events(
        sessions, DESK, read_events("generic", json.dumps(told).encode()), source="generic", now=TUESDAY
    )
    assert count(db, "SELECT count(*) FROM sender_pause WHERE domain = 'news.example'") == 1
    assert reason_of(db, anna) is None


def test_the_secret_of_the_address_outlives_a_new_key() -> None:
    older = secret_of(RING)
    newer = KeyRing((b"n" * 32, *RING.keys))
    assert secret_of(newer) != older


def test_a_mail_goes_out_with_a_return_path_of_its_own_and_its_bounce_finds_it(
    db: Session, sessions: sessionmaker[Session], smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    room = Mailroom(sessions, tmp_path, mailer(smtp_sink.url), TUESDAY)
    room.outbox.bounce_domain = "bounce.nurture.example"
    sent = room.queue(room.lead("Zoe"))
    assert room.run_dry() == 1
    (mail,) = smtp_sink.mails
    assert mail.sender == return_path(MAILROOM_RING, "bounce.nurture.example", sent)

    raw = UNKNOWN.replace(shapes.US.encode(), mail.sender.encode())
    desk = Desk(MAILROOM_RING, b"p" * 32)
    assert take_in_mail(sessions, desk, raw, source="mail", now=TUESDAY).delivery_id == sent
    room.outbox.close()
