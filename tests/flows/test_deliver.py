"""From a due delivery to a recorded answer, on real PostgreSQL and a real conversation over SMTP."""

import email
import email.policy
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from nurture.flows.deliver import deliver
from nurture.flows.letters import preview, view
from nurture.flows.queue_mail import keep_mail, queue_service_mail
from nurture.mail.source import MailSource
from nurture.mail.standards import faults
from nurture.rules.tokens import read
from nurture.store import deliveries, installation, transport_states
from nurture.store.deliveries import Delivery
from nurture.store.leads import Lead
from nurture.store.links import Link
from nurture.store.webhooks import WebhookEndpoint, WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.mailroom import BASE, RING, WORDS, Mailroom, mailer
from tests.mail.scripted_smtp import ScriptedSmtp


def page_of(raw: bytes) -> str:
    part = email.message_from_bytes(raw, policy=email.policy.default).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_due_mail_goes_out_and_conforms(room: Mailroom, server: ScriptedSmtp) -> None:
    bert = room.lead("Bért", email="bert@leads.example")
    delivery_id = room.queue(bert)
    assert room.run() == 1
    [taken] = server.log
    assert faults(taken.data, "chain") == []
    row = room.get(delivery_id)
    assert (row.state, row.sent_at, row.attempt_no) == ("sent", TUESDAY, 1)
    assert row.reply == "250 2.0.0 queued as Q1"
    assert row.consent_id is not None
    assert f"<{row.message_id}@news.example>".encode() in taken.data
    with room.sessions() as session:
        assert session.get_one(Lead, bert).touches_out == 1
        [attempt] = deliveries.attempts_of(session, delivery_id)
        assert (attempt.outcome, attempt.at) == ("sent", TUESDAY)
    assert room.run() == 0


def test_each_link_is_a_signed_token_of_this_delivery(room: Mailroom, server: ScriptedSmtp) -> None:
    delivery_id = room.queue(room.lead("Bert"))
    room.run()
    page = page_of(server.log[0].data)
    with room.sessions() as session:
        trap, *links = session.scalars(select(Link).order_by(Link.no)).all()
    assert [link.url for link in links] == [
        "https://www.example.com/case?a=1&b=2",
        "https://www.example.com/other",
    ]
    tokens = [part.partition('"')[0] for part in page.split(f"{BASE}/c/")[1:]]
    assert [read(RING, "click", token, 2) for token in tokens] == [
        (delivery_id, link.id) for link in (*links, trap)
    ]
    assert "www.example.com" not in page


def test_due_later_means_later(room: Mailroom, server: ScriptedSmtp) -> None:
    delivery_id = room.queue(room.lead("Bert"), due_at=TUESDAY + timedelta(hours=1), state="scheduled")
    assert room.run() == 0
    assert room.run(now=TUESDAY + timedelta(hours=1)) == 1
    assert room.state(delivery_id)[0] == "sent"


def test_one_mail_that_cannot_be_put_together_fails_alone(room: Mailroom, server: ScriptedSmtp) -> None:
    bad = room.queue(room.lead("Bert", email="bért@leads.example"))
    good = room.queue(room.lead("Cora"))
    room.run()
    assert room.state(bad)[0] == "failed"
    assert room.state(bad)[1].startswith("render:")
    assert room.state(good)[0] == "sent"


def test_a_mail_whose_subject_comes_out_empty_for_a_lead_fails_for_that_lead_alone(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    with room.sessions.begin() as session:
        source = MailSource(key="city", subject="{{ lead.city }}", body=WORDS)
        version = keep_mail(session, None, source, "city", now=TUESDAY)
    nowhere = room.queue(room.lead("Bert"), mail_version_id=version)
    at_home = room.queue(room.lead("Cora", city="Münster"), mail_version_id=version)
    room.run()
    assert room.state(nowhere) == ("failed", "render: The subject comes out empty for this reader.")
    assert room.state(at_home)[0] == "sent"


@pytest.mark.parametrize(
    "broken",
    [
        "'{}'",
        "jsonb_set(compiled, '{html}', "
        "to_jsonb(repeat('{% if lead.city %}', 150) || repeat('{% endif %}', 150)))",
        "jsonb_set(compiled, '{text}', to_jsonb('{{ 1' || repeat('+1', 900) || ' }}'))",
    ],
    ids=["nothing", "too many blocks", "too deep"],
)
def test_a_mail_whose_templates_are_broken_fails_alone_and_is_not_tried_for_ever(
    room: Mailroom, broken: str
) -> None:
    with room.sessions.begin() as session:
        version = room.mail(session, "broken", WORDS + "broken")
        session.execute(text(f"UPDATE mail_version SET compiled = {broken} WHERE id = :id"), {"id": version})
    delivery_id = room.queue(room.lead("Bert"), mail_version_id=version)
    fine = room.queue(room.lead("Cora"))
    room.run_dry()
    assert room.state(delivery_id)[0] == "failed"
    assert room.state(fine)[0] == "sent"


def test_without_a_sender_nothing_is_claimed_and_the_page_says_why(room: Mailroom) -> None:
    with room.sessions.begin() as session:
        installation.get(session).sender_email = ""
    delivery_id = room.queue(room.lead("Bert"))
    assert room.run() == 0
    assert room.get(delivery_id).state == "ready"
    with room.sessions() as session:
        assert "sender" in transport_states.every(session)[0].sentence


def test_two_senders_at_once_send_each_mail_once(room: Mailroom, server: ScriptedSmtp) -> None:
    for n in range(120):
        room.queue(room.lead(f"Lead{n}"))

    def work() -> None:
        outbox, post = room.new_outbox(), mailer(server.url)
        while deliver(room.sessions, post, outbox, now=TUESDAY, limit=7):
            pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.recipients()) == len(set(server.recipients())) == 120
    with room.sessions() as session:
        assert {row.state for row in session.scalars(select(Delivery))} == {"sent"}


def test_who_listens_hears_of_every_mail_sent(room: Mailroom) -> None:
    with room.sessions.begin() as session:
        session.add(
            WebhookEndpoint(
                url="https://crm.example", types=["delivery.sent"], secrets=[], created_at=TUESDAY
            )
        )
    room.queue(room.lead("Bert"))
    room.run()
    with room.sessions() as session:
        [message] = session.scalars(select(WebhookMessage))
    assert message.type == "delivery.sent"
    assert b'"mail":"case"' in message.body


def test_a_confirmation_needs_no_consent_and_is_queued_once(room: Mailroom, server: ScriptedSmtp) -> None:
    bert = room.lead("Bert", consent=False)
    for expected in (True, False):
        with room.sessions.begin() as session:
            queued = queue_service_mail(
                session,
                "confirm",
                purpose="confirmation",
                dedup_key=f"confirm:{bert}",
                lead_id=bert,
                params={"confirm_url": f"{BASE}/confirm/abc"},
                now=TUESDAY,
            )
            assert (queued is not None) == expected
    room.run_dry()
    [taken] = server.log
    assert faults(taken.data, "confirmation") == []
    page = page_of(taken.data)
    assert f'href="{BASE}/confirm/abc"' in page
    assert "/o/" not in page and "/u/" not in page


def test_the_view_in_the_browser_shows_the_mail_without_its_pixel(room: Mailroom) -> None:
    delivery_id = room.queue(room.lead("<b>Bert"))
    with room.sessions() as session:
        page = view(session, RING, BASE, delivery_id)
        assert view(session, RING, BASE, delivery_id + 1) is None
    assert page is not None
    assert "Hello &lt;b&gt;Bert" in page
    assert f"{BASE}/c/" in page
    assert "/o/" not in page


def test_a_preview_shows_the_links_as_written(room: Mailroom) -> None:
    bert = room.lead("Bert")
    with room.sessions() as session:
        shown = preview(session, room.mail_version_id, bert)
        assert preview(session, room.mail_version_id, 10_000) is None
    assert shown is not None
    assert shown.subject == "A case for Bert"
    assert "https://www.example.com/case?a=1&amp;b=2" in shown.html
    assert "Read the case (https://www.example.com/case?a=1&b=2)" in shown.text
