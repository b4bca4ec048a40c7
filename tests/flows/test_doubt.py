"""Mails whose answer was lost: taken for sent or sent once more, until something is heard of them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import text

from nurture.buffers.stream import HitStream
from nurture.errors import Invalid
from nurture.flows.doubt import arrived, set_policy
from nurture.flows.inbound import Desk, take_in_mail
from nurture.flows.record import record
from nurture.rules.hits import CLICK, OPEN, Hit, write
from nurture.rules.ids import millis_of, uuid7
from nurture.store import doubt
from tests.conftest import TUESDAY
from tests.flows.mailroom import PEPPER, RING, Mailroom
from tests.mail.scripted_smtp import Hang, ScriptedSmtp

LATER = TUESDAY + timedelta(minutes=16)


class Silent:
    """A server that takes the first `n` mails and never says so."""

    def __init__(self, n: int) -> None:
        self.left = n

    def __call__(self, phase: str, argument: str) -> str | None:
        if phase == "dot" and self.left:
            self.left -= 1
            raise Hang
        return None


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp(on=Silent(1)) as server:
        yield server


def choose(room: Mailroom, policy: str) -> None:
    with room.sessions.begin() as session:
        set_policy(session, policy, by="test", now=TUESDAY)


def touches(room: Mailroom, lead_id: int) -> int:
    with room.sessions() as session:
        return int(session.scalar(text("SELECT touches_out FROM lead WHERE id = :id"), {"id": lead_id}) or 0)


def test_by_default_a_mail_in_doubt_is_never_sent_again(room: Mailroom, server: ScriptedSmtp) -> None:
    lead = room.lead("Anna")
    delivery = room.queue(lead)
    room.run()
    assert room.state(delivery) == ("uncertain", "no_answer_after_dot")
    assert room.get(delivery).in_doubt_at == TUESDAY
    room.run(now=TUESDAY + timedelta(days=3))
    assert len(server.log) == 1
    assert touches(room, lead) == 1
    with room.sessions() as session:
        assert doubt.standing(session) == (1, "assume_sent")


def test_by_choice_it_is_sent_once_more_and_only_once(room: Mailroom, server: ScriptedSmtp) -> None:
    server.on = Silent(2)
    choose(room, "resend_once")
    delivery = room.queue(room.lead("Anna"))
    room.run()
    assert room.state(delivery) == ("deferred", "in_doubt")
    assert len(server.log) == 1
    room.outbox = room.new_outbox()  # the one before rests for some seconds after a broken connection
    room.run(now=LATER)
    assert room.state(delivery)[0] == "uncertain"
    room.run(now=LATER + timedelta(days=3))
    assert len(server.log) == 2
    ids = {taken.data.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for taken in server.log}
    assert len(ids) == 1


def test_what_is_heard_of_in_time_calls_the_second_try_off(room: Mailroom, server: ScriptedSmtp) -> None:
    choose(room, "resend_once")
    lead = room.lead("Anna")
    delivery = room.queue(lead)
    room.run()
    assert touches(room, lead) == 0
    with room.sessions.begin() as session:
        arrived(session, [delivery], now=TUESDAY + timedelta(minutes=5))
    assert room.state(delivery) == ("sent", "")
    assert room.get(delivery).sent_at == TUESDAY
    assert touches(room, lead) == 1
    room.run(now=LATER)
    assert len(server.log) == 1


@pytest.mark.parametrize("policy", ["assume_sent", "resend_once"])
@pytest.mark.parametrize("how", ["opened", "clicked", "answered"])
def test_a_reader_who_was_quicker_than_the_servers_answer_leaves_no_doubt(
    room: Mailroom, server: ScriptedSmtp, redis_client: Redis, policy: str, how: str
) -> None:
    """The server has the mail, keeps its answer to itself, and passes the mail on."""
    choose(room, policy)
    lead = room.lead("Anna")
    delivery = room.queue(lead)

    def read_at_once(phase: str, argument: str) -> str | None:
        if phase == "dot":
            heard(room, redis_client, delivery, how, server.log[0].data)
            raise Hang
        return None

    server.on = read_at_once
    room.run()
    assert room.state(delivery) == ("sent", "")
    assert touches(room, lead) == 1
    room.run(now=TUESDAY + timedelta(days=3))
    assert len(server.log) == 1


@pytest.mark.parametrize("policy", ["assume_sent", "resend_once"])
@pytest.mark.parametrize("how", ["opened", "clicked", "answered"])
def test_an_opening_a_click_or_an_answer_settles_the_doubt(
    room: Mailroom, server: ScriptedSmtp, redis_client: Redis, policy: str, how: str
) -> None:
    choose(room, policy)
    lead = room.lead("Anna")
    delivery = room.queue(lead)
    room.run()
    assert room.state(delivery)[0] == ("uncertain" if policy == "assume_sent" else "deferred")
    heard(room, redis_client, delivery, how, server.log[0].data)
    assert room.state(delivery) == ("sent", "")
    assert touches(room, lead) == 1
    room.run(now=LATER)
    assert len(server.log) == 1


def heard(room: Mailroom, redis: Redis, delivery_id: int, how: str, data: bytes) -> None:
    if how == "answered":
        name = data.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()
        raw = f"From: anna@leads.example\r\nSubject: Re: hello\r\nIn-Reply-To: {name}\r\n\r\nThanks!\r\n"
        take_in_mail(room.sessions, Desk(RING, PEPPER), raw.encode(), source="test", now=TUESDAY)
        return
    with room.sessions() as session:
        link = session.scalar(text("SELECT min(id) FROM link"))
    kind = CLICK if how == "clicked" else OPEN
    name = uuid7(millis_of(TUESDAY), b"0123456789")
    one = Hit(name, kind, delivery_id, link if kind == CLICK else None, "GET", "Mozilla/5.0", "198.51.100.7")
    stream = HitStream(redis)
    stream.add([write(one)])
    assert record(room.sessions, stream, [], now=TUESDAY) == 1


@pytest.mark.parametrize("program", ["assume_sent", "resend_once"])
def test_a_program_chooses_for_itself(room: Mailroom, server: ScriptedSmtp, program: str) -> None:
    choose(room, "assume_sent" if program == "resend_once" else "resend_once")
    delivery = room.queue(room.lead("Anna"))
    with room.sessions.begin() as session:
        session.execute(text("SET session_replication_role = replica"))
        session.execute(
            text(
                "INSERT INTO program_version (id, program_id, no, source, source_hash, spec, mails,"
                " created_at) VALUES (77, 1, 1, '{}', '',"
                " jsonb_build_object('in_doubt', CAST(:p AS text)), '{}', now())"
            ),
            {"p": program},
        )
        session.execute(text("UPDATE delivery SET version_id = 77 WHERE id = :id"), {"id": delivery})
    room.run()
    assert room.state(delivery)[0] == ("deferred" if program == "resend_once" else "uncertain")


def test_a_bounce_settles_the_doubt(room: Mailroom, server: ScriptedSmtp) -> None:
    room.outbox = room.new_outbox(bounce_domain="bounce.news.example")
    delivery = room.queue(room.lead("Anna"))
    room.run()
    path = server.log[0].sender
    raw = (
        f"From: MAILER-DAEMON@leads.example\r\nTo: {path}\r\nSubject: Undelivered mail\r\n\r\n"
        "<anna@leads.example>: 550 5.1.1 User unknown\r\n"
    ).encode()
    take_in_mail(room.sessions, Desk(RING, PEPPER), raw, source="test", now=TUESDAY)
    assert room.state(delivery)[0] == "sent"
    assert room.get(delivery).bounced_at == TUESDAY
    with room.sessions() as session:
        assert doubt.standing(session)[0] == 0


def test_a_choice_that_is_none_is_refused(room: Mailroom) -> None:
    with pytest.raises(Invalid):
        choose(room, "hope")
