"""What servers answer, or fail to answer, and what becomes of the mail."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from nurture.store import deliveries, transport_states
from nurture.store.suppressions import Suppression
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.mailroom import Mailroom, mailer
from tests.mail.scripted_smtp import Hang, ScriptedSmtp


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


def test_a_mail_that_the_server_cannot_bear_is_given_up_and_holds_nobody_up(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    def hang(phase: str, who: str) -> str | None:
        if phase == "body" and "bert" in who:
            raise Hang
        return None

    server.on = hang
    server.take_little_at_a_time()
    with room.sessions.begin() as session:
        huge = room.mail(session, "huge", "many words " * 36_000)
    heavy = room.queue(room.lead("Bert"), mail_version_id=huge)
    now, waits = TUESDAY, []
    while room.state(heavy)[0] != "failed":
        light = room.queue(room.lead(f"Cora{len(waits)}"))
        room.run(now=now)
        assert room.state(light)[0] == "sent"
        row = room.get(heavy)
        assert row.reason == "broken_off"
        waits.append((row.due_at - now).total_seconds() / 60)
        now = max(now, row.due_at)
    assert len(waits) == row.attempt_no == 8
    assert waits[0] < waits[2] < waits[6] and timedelta(hours=6) < now - TUESDAY < timedelta(hours=10)
    with room.sessions() as session:
        assert session.scalars(select(Suppression)).all() == []
        assert all(state.ok for state in transport_states.every(session))
    assert row.bounced_at is None
