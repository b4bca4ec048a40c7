"""From a due delivery to a recorded answer, on real PostgreSQL and a real conversation over SMTP."""

import email
import email.policy
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.flows.deliver import deliver
from nurture.flows.letters import preview, view
from nurture.flows.queue_mail import keep_mail, queue_service_mail, queue_test
from nurture.flows.sending import resume_sending, stop_sending
from nurture.flows.suppress import block_domain, unblock_domain
from nurture.mail.source import MailSource
from nurture.mail.standards import faults
from nurture.rules.tokens import read
from nurture.store import deliveries, installation, suppressions, transport_states
from nurture.store.deliveries import Delivery
from nurture.store.leads import Lead
from nurture.store.links import Link
from nurture.store.suppressions import NewSuppression, Suppression, address_hash
from nurture.store.webhooks import WebhookEndpoint, WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.mailroom import BASE, PEPPER, RING, WORDS, Mailroom, mailer
from tests.mail.scripted_smtp import Hang, ScriptedSmtp


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
        links = session.scalars(select(Link).order_by(Link.no)).all()
    assert [link.url for link in links] == [
        "https://www.example.com/case?a=1&b=2",
        "https://www.example.com/other",
    ]
    tokens = [part.partition('"')[0] for part in page.split(f"{BASE}/c/")[1:]]
    assert [read(RING, "click", token, 2) for token in tokens] == [(delivery_id, link.id) for link in links]
    assert "www.example.com" not in page


def test_due_later_means_later(room: Mailroom, server: ScriptedSmtp) -> None:
    delivery_id = room.queue(room.lead("Bert"), due_at=TUESDAY + timedelta(hours=1), state="scheduled")
    assert room.run() == 0
    assert room.run(now=TUESDAY + timedelta(hours=1)) == 1
    assert room.state(delivery_id)[0] == "sent"


@pytest.mark.parametrize(
    ("who", "reason"),
    [({"consent": False}, "no_consent"), ({"email": None}, "no_address"), ({"erased_at": TUESDAY}, "erased")],
)
def test_who_must_not_be_written_to_is_skipped_with_a_reason(
    room: Mailroom, server: ScriptedSmtp, who: dict[str, object], reason: str
) -> None:
    delivery_id = room.queue(room.lead("Bert", **who))
    assert room.run() == 1
    assert room.state(delivery_id) == ("skipped", reason)
    assert server.log == []


def test_a_suppressed_address_gets_nothing_however_it_is_written(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    delivery_id = room.queue(room.lead("Bert", email="BERT@Leads.Example"))
    with room.sessions.begin() as session:
        entry = NewSuppression(address_hash(PEPPER, "bert@leads.example"), "complaint")
        suppressions.suppress(session, [entry, entry], now=TUESDAY)
    room.run()
    assert room.state(delivery_id) == ("skipped", "suppressed:complaint")
    assert server.log == []


def test_nobody_at_a_blocked_domain_or_below_it_gets_anything(room: Mailroom, server: ScriptedSmtp) -> None:
    with room.sessions.begin() as session:
        kept = block_domain(session, "Anna@Pumps.Example", detail="", by="user:1", now=TUESDAY)
        assert kept.domain == "pumps.example"
    bert, cora = (
        room.lead(name, email=f"{name}@{at}")
        for name, at in (("Bert", "pumps.example"), ("Cora", "mail.pumps.example"))
    )
    dora = room.lead("Dora", email="dora@more-pumps.example")
    kept_back = [room.queue(lead) for lead in (bert, cora)]
    goes = room.queue(dora)
    room.run()
    assert [room.state(one) for one in kept_back] == [("skipped", "suppressed:domain")] * 2
    assert room.state(goes)[0] == "sent"
    with room.sessions.begin() as session:
        unblock_domain(session, kept.id, by="user:1", now=TUESDAY)
    again = room.queue(bert, step_key="later")
    room.run()
    assert room.state(again)[0] == "sent"


def test_a_domain_that_gives_mailboxes_to_anybody_is_not_blocked(room: Mailroom) -> None:
    for wrong in ("gmail.com", "com", "not a domain", ""):
        with room.sessions.begin() as session, pytest.raises(Invalid) as refusal:
            block_domain(session, wrong, detail="", by="user:1", now=TUESDAY)
        assert list(refusal.value.errors) == ["domain"]


def test_a_stop_holds_everything_until_it_is_lifted(room: Mailroom, server: ScriptedSmtp) -> None:
    room.queue(room.lead("Bert"))
    with room.sessions.begin() as session:
        stop_sending(session, by="anna", now=TUESDAY)
    assert room.run() == 0
    assert server.connections == 0
    with room.sessions.begin() as session:
        resume_sending(session, by="anna", now=TUESDAY)
    assert room.run() == 1


def test_before_going_live_mails_go_to_the_named_test_addresses_alone(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    bert, anna = room.lead("Bert"), room.lead("Anna")
    with room.sessions.begin() as session:
        installation.get(session).live = False
        installation.get(session).test_addresses = ["anna@leads.example", "desk@firm.example"]
        for address in ("desk@firm.example", "stranger@firm.example"):
            queue_test(session, room.mail_version_id, address, dedup_key=address, now=TUESDAY, lead_id=bert)
    to_bert, to_anna = room.queue(bert), room.queue(anna)

    room.run_dry()

    assert sorted(server.recipients()) == ["anna@leads.example", "desk@firm.example"]
    assert (room.state(to_bert)[0], room.state(to_anna)[0]) == ("ready", "sent")
    with room.sessions() as session:
        stranger = session.scalars(
            select(Delivery).where(Delivery.dedup_key == "stranger@firm.example")
        ).one()
        assert (stranger.state, stranger.reason) == ("skipped", "not_live")


def test_an_invented_lead_gets_nothing_from_a_real_server_and_the_chain_goes_on(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    bert, doll = room.lead("Bert"), room.lead("Doll", demo=True)
    real, invented = room.queue(bert), room.queue(doll)

    room.run_dry()

    assert server.recipients() == ["bert@leads.example"]
    assert room.state(real)[0] == "sent"
    assert room.state(invented) == ("skipped", "demo")


def test_while_demo_data_is_made_nothing_real_goes_out(room: Mailroom, server: ScriptedSmtp) -> None:
    bert, doll = room.lead("Bert"), room.lead("Doll", demo=True)
    room.outbox.invented = "only"
    real, invented = room.queue(bert), room.queue(doll)

    room.run_dry()

    assert server.recipients() == ["doll@leads.example"]
    assert (room.state(real)[0], room.state(invented)[0]) == ("ready", "sent")


def test_a_wrong_address_fails_and_is_never_written_to_again(room: Mailroom, server: ScriptedSmtp) -> None:
    server.on = lambda phase, who: (
        "550 5.1.1 <bert@leads.example> unknown" if phase == "rcpt" and "bert" in who else None
    )
    wrong, right = room.queue(room.lead("Bert")), room.queue(room.lead("Cora"))
    assert room.run() == 2
    assert room.state(wrong) == ("failed", "bounced")
    assert room.state(right)[0] == "sent"
    with room.sessions() as session:
        [entry] = session.scalars(select(Suppression))
        assert (entry.reason, entry.delivery_id) == ("hard_bounce", wrong)
        assert "bert@" not in entry.detail
        [message] = session.scalars(select(WebhookMessage))
        assert message.type == "delivery.bounced"


def test_a_refusal_for_another_reason_suppresses_nobody(room: Mailroom, server: ScriptedSmtp) -> None:
    server.on = lambda phase, who: "554 5.7.1 policy" if phase == "before_accept" else None
    delivery_id = room.queue(room.lead("Bert"))
    room.run()
    assert room.state(delivery_id) == ("failed", "refused:5.7.1")
    with room.sessions() as session:
        assert session.scalars(select(Suppression)).all() == []


def test_a_server_that_says_later_is_asked_later_and_not_for_ever(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    server.on = lambda phase, who: "451 4.7.1 greylisted" if phase == "rcpt" else None
    delivery_id = room.queue(room.lead("Bert"))
    now, waits = TUESDAY, []
    while room.state(delivery_id)[0] != "failed":
        assert room.run(now=now) == 1
        row = room.get(delivery_id)
        waits.append((row.due_at - now).total_seconds() / 60)
        now = max(now, row.due_at)
    assert row.reason == "given_up"
    assert 12 <= waits[0] <= 18
    assert all(192 <= wait <= 288 for wait in waits[5:-1])
    assert timedelta(hours=66) < now - TUESDAY <= timedelta(hours=72)
    with room.sessions() as session:
        assert len(deliveries.attempts_of(session, delivery_id)) == row.attempt_no == len(waits)


def test_a_mail_put_off_keeps_its_message_id_and_date(room: Mailroom, server: ScriptedSmtp) -> None:
    asked: list[str] = []
    server.on = lambda phase, who: (
        "451 4.2.0 later" if phase == "before_accept" and not asked.append(who) and len(asked) == 1 else None
    )
    delivery_id = room.queue(room.lead("Bert"))
    room.run()
    room.run(now=room.get(delivery_id).due_at)
    assert b"Date: Tue, 03 Mar 2026 10:00:00 +0000" in server.log[0].data
    assert str(room.get(delivery_id).message_id).encode() in server.log[0].data


def test_a_server_that_is_away_is_said_and_nothing_is_touched(
    sessions: sessionmaker[Session], tmp_path: Path, server: ScriptedSmtp
) -> None:
    with ScriptedSmtp() as gone:
        url = gone.url
    room = Mailroom(sessions, tmp_path, mailer(url), TUESDAY)
    delivery_id = room.queue(room.lead("Bert"))
    assert room.run() == 0
    assert room.get(delivery_id).lease_token == 0
    with sessions() as session:
        [state] = transport_states.every(session)
    assert not state.ok
    assert "cannot be reached" in state.sentence
    assert room.run() == 0, "it rests before it knocks again"
    room.mailer, room.outbox = mailer(server.url), room.new_outbox()
    assert room.run() == 1
    with sessions() as session:
        [state] = transport_states.every(session)
    assert state.ok
    assert state.sentence == ""


def test_a_server_lost_half_way_gives_the_rest_back_untried(room: Mailroom, server: ScriptedSmtp) -> None:
    def close_for_good(phase: str, who: str) -> str | None:
        if phase == "connect" and server.connections > 1:
            return "421 4.3.2 closed for today"
        if phase == "rcpt" and "cora" in who:
            raise Hang
        return None

    server.on = close_for_good
    ids = [room.queue(room.lead(name)) for name in ("Bert", "Cora", "Dirk")]
    room.run()
    assert [room.state(one)[0] for one in ids] == ["sent", "ready", "ready"]
    row = room.get(ids[1])
    assert (row.attempt_no, row.due_at) == (0, TUESDAY)


def test_an_answer_lost_after_the_dot_is_uncertain_and_never_sent_again(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    def hang(phase: str, who: str) -> str | None:
        if phase == "dot" and "cora" in who:
            raise Hang
        return None

    server.on = hang
    fine, lost = room.queue(room.lead("Bert")), room.queue(room.lead("Cora"))
    room.run_dry()
    assert room.state(lost) == ("uncertain", "no_answer_after_dot")
    assert room.state(fine)[0] == "sent"
    room.run(now=TUESDAY + timedelta(days=3))
    assert server.recipients() == ["bert@leads.example", "cora@leads.example"]


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
