"""Many transports at once: limits, failover, a server that hangs, receivers that want less, senders nobody
believes. Real PostgreSQL, real conversations over SMTP."""

import threading
from datetime import timedelta

from redis import Redis
from sqlalchemy import text

from nurture.flows.claiming import WayOut
from nurture.flows.deliver import note_transport
from nurture.flows.deliver_again import let_sender_send
from nurture.flows.sweep import sweep
from nurture.rules.pacing import DAY, HOUR, Quota, WarmUp
from nurture.rules.transports import Limits
from nurture.store import pacing, transport_states, transports
from tests.conftest import TUESDAY
from tests.flows.couriers import NOBODY_THERE, add, courier, queue, serve_until, states
from tests.flows.mailroom import WORDS, Mailroom, mailer
from tests.mail.scripted_smtp import Hang, ScriptedSmtp


def test_everything_due_goes_out_and_is_recorded(room: Mailroom, server: ScriptedSmtp) -> None:
    queue(room, *(f"Lead{n}" for n in range(120)))
    with courier(room) as one:
        serve_until(one, TUESDAY, lambda: states(room) == {"sent": 120})
    assert len(set(server.recipients())) == 120
    with room.sessions() as session:
        assert transports.tallies(session, now=TUESDAY)[0].accepted == 120


def test_the_next_chunk_stands_ready_while_the_one_before_is_on_its_way(room: Mailroom) -> None:
    word = threading.Event()

    def wait_for_the_word(phase: str, argument: str) -> str | None:
        if phase == "dot":
            word.wait(30)
        return None

    queue(room, *(f"Lead{n}" for n in range(60)))
    with ScriptedSmtp(wait_for_the_word) as server, courier(room, url=server.url) as one:
        moved = [one.serve(TUESDAY) for _ in range(40) if not one.busy]
        moved += [one.serve(TUESDAY) for _ in range(2)]
        assert [some for some in moved if some] == [50, 10]
        assert states(room) == {"sending": 60}
        assert len(server.log) <= 1
        word.set()
        serve_until(one, TUESDAY, lambda: states(room) == {"sent": 60})


def test_a_server_that_hangs_holds_up_its_own_mails_alone(room: Mailroom, server: ScriptedSmtp) -> None:
    silence = threading.Event()

    def hang(phase: str, argument: str) -> str | None:
        if phase == "dot":
            silence.wait(30)
        return None

    with ScriptedSmtp(hang) as hanging, courier(room, url=hanging.url) as one:
        quick = add(room, "quick", server.url)
        with room.sessions.begin() as session:
            version = room.mail(session, "other", WORDS)
            mail_id = session.scalar(text("SELECT mail_id FROM mail_version WHERE id = :id"), {"id": version})
            assert mail_id is not None
            transports.choose(session, "mail", mail_id, quick)
        queue(room, "Anna", due_at=TUESDAY - timedelta(hours=1))
        queue(room, "Bert", "Carla", mail_version_id=version)
        serve_until(one, TUESDAY, lambda: len(server.log) == 2 and states(room).get("sent") == 2)
        assert states(room)["sending"] == 1
        silence.set()


def test_another_transport_takes_over_and_hands_back(room: Mailroom, server: ScriptedSmtp) -> None:
    spare = add(room, "spare", server.url)
    add(room, "first", NOBODY_THERE, is_default=True, fallback_id=spare)
    queue(room, "Anna", "Bert")
    with courier(room) as one:
        serve_until(one, TUESDAY, lambda: states(room) == {"sent": 2})
    with room.sessions() as session:
        first = transports.by_key(session, "first")
        assert first is not None
        health = transports.health(session)[first.id]
        assert health.failures >= 1
        assert "cannot be reached" in health.sentence
        carried = session.scalars(text("SELECT DISTINCT transport FROM delivery_attempt")).all()
        assert carried == ["spare"]


def test_a_transport_that_is_down_with_nobody_in_its_place_is_tried_by_one_mail(room: Mailroom) -> None:
    refuse = threading.Event()
    refuse.set()

    def closed_for_a_while(phase: str, argument: str) -> str | None:
        return "421 come back later" if phase == "connect" and refuse.is_set() else None

    with ScriptedSmtp(closed_for_a_while) as server:
        only = add(room, "only", server.url, is_default=True)
        queue(room, "Anna", "Bert", "Carla")
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: _failures(room, only) > 0)
            assert states(room) == {"ready": 3}
            refuse.clear()
            with room.sessions.begin() as session:
                session.execute(text("UPDATE transport_health SET retry_at = clock_timestamp()"))
            room.outbox._rests_until.clear()
            serve_until(one, TUESDAY, lambda: states(room) == {"sent": 3})
        assert _failures(room, only) == 0


def _failures(room: Mailroom, transport_id: int) -> int:
    with room.sessions() as session:
        known = transports.health(session).get(transport_id)
        return known.failures if known else 0


def test_mails_begun_before_a_trouble_do_not_take_its_sentence_away(room: Mailroom) -> None:
    way, here, there = WayOut(), room.outbox, room.new_outbox()
    later = TUESDAY + timedelta(seconds=1)

    note_transport(room.sessions, here, way, "The disk is full.", later)
    note_transport(room.sessions, there, way, "", later + timedelta(seconds=1), began=TUESDAY)
    with room.sessions() as session:
        assert [state.sentence for state in transport_states.every(session)] == ["The disk is full."]
        assert transports.health(session)[0].failures == 1

    note_transport(room.sessions, there, way, "", later + timedelta(seconds=9), began=later)
    with room.sessions() as session:
        assert [state.ok for state in transport_states.every(session)] == [True]
        assert transports.health(session)[0].failures == 0


def test_a_paused_transport_keeps_its_mails(room: Mailroom, server: ScriptedSmtp) -> None:
    add(room, "paused", server.url, is_default=True, paused_at=TUESDAY)
    queue(room, "Anna")
    with courier(room) as one:
        for _ in range(5):
            one.serve(TUESDAY)
    assert states(room) == {"ready": 1}


def test_an_hour_never_sees_more_than_its_quota(room: Mailroom, server: ScriptedSmtp) -> None:
    add(room, "small", server.url, is_default=True, per_hour=5)
    queue(room, *(f"Lead{n}" for n in range(12)))
    with courier(room) as one:
        serve_until(one, TUESDAY, lambda: states(room).get("sent") == 5)
        for _ in range(5):
            one.serve(TUESDAY)
        assert len(server.log) == 5
    with courier(room) as one:
        later = TUESDAY + timedelta(minutes=59)
        for _ in range(5):
            one.serve(later)
        assert len(server.log) == 5
    with courier(room) as one:
        serve_until(one, TUESDAY + timedelta(minutes=62), lambda: states(room).get("sent") == 10)


def test_what_was_booked_and_did_not_go_out_is_free_again(room: Mailroom) -> None:
    """The server closes after its first mail: of what the transport and the receiver allow, one is used."""

    def one_alone(phase: str, who: str) -> str | None:
        if phase == "mail" and server.log:
            raise Hang
        return "421 4.3.2 closed for today" if phase == "connect" and server.log else None

    with ScriptedSmtp(one_alone) as server:
        add(room, "only", server.url, is_default=True, per_hour=9)
        with room.sessions.begin() as session:
            pacing.set_limit(session, "domain", "leads.example", Limits(per_day=7))
        queue(room, "Anna", "Bert", "Carla")
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: states(room) == {"sent": 1, "ready": 2})
    with room.sessions() as session:
        quotas = [Quota("transport:only:hour", 9, HOUR), Quota("domain:leads.example:day", 7, DAY)]
        assert pacing.left_of(session, quotas, now=TUESDAY) == {quotas[0].scope: 8, quotas[1].scope: 6}


def test_a_warm_up_lets_out_what_its_day_allows(room: Mailroom, server: ScriptedSmtp) -> None:
    with room.sessions.begin() as session:
        pacing.set_warm_up(session, "domain", "news.example", WarmUp(TUESDAY.date(), (3, 4)))
    queue(room, *(f"Lead{n}" for n in range(9)))
    for day, sent in ((0, 3), (1, 7), (2, 9)):
        with courier(room) as one:
            now = TUESDAY + timedelta(days=day)
            serve_until(one, now, lambda sent=sent: states(room).get("sent") == sent)  # type: ignore[misc]
            for _ in range(3):
                one.serve(now)
            assert len(server.log) == sent


def test_a_provider_that_asks_for_less_gets_less_and_the_others_go_on(room: Mailroom) -> None:
    def wants_less(phase: str, argument: str) -> str | None:
        return "421 4.7.0 too many messages, slow down" if phase == "rcpt" and "gmail" in argument else None

    with ScriptedSmtp(wants_less) as server:
        room.mailer = mailer(server.url)
        slow = queue(room, "Anna", domain="gmail.com")
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: states(room).get("deferred") == 1)
        with room.sessions() as session:
            [(provider, pace)] = pacing.paces(session).items()
        assert provider == "google"
        assert pace.rate < pace.ceiling
        assert room.state(slow[0]) == ("deferred", "put_off:4.7.0")


def test_a_limit_of_a_provider_holds_back_its_own_mails_and_nobody_elses(
    room: Mailroom, server: ScriptedSmtp, redis_client: Redis
) -> None:
    with room.sessions.begin() as session:
        pacing.set_limit(session, "provider", "google", Limits(per_second=1.0))
    queue(room, *(f"Slow{n}" for n in range(20)), domain="googlemail.com")
    queue(room, *(f"Fast{n}" for n in range(20)))
    with courier(room, redis_client) as one:
        serve_until(one, TUESDAY, lambda: sum("fast" in to for to in server.recipients()) == 20)
        assert sum("slow" in to for to in server.recipients()) <= 5
    with room.sessions() as session:
        waiting = session.execute(
            text("SELECT reason, due_at FROM delivery WHERE state = 'ready' ORDER BY due_at, id")
        ).all()
    assert {row.reason for row in waiting} == {"paced"}
    assert waiting[0].due_at < waiting[-1].due_at  # each has a turn of its own


def test_a_sender_that_nobody_believes_is_paused_until_a_person_says_otherwise(room: Mailroom) -> None:
    believed = threading.Event()

    def disbelieve(phase: str, argument: str) -> str | None:
        if phase == "rcpt" and not believed.is_set():
            return "550 5.7.515 Access denied, sending domain does not meet the required authentication level"
        return None

    with ScriptedSmtp(disbelieve) as server:
        room.mailer = mailer(server.url)
        [first, second] = [*queue(room, "Anna"), *queue(room, "Bert", due_at=TUESDAY + timedelta(minutes=5))]
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: room.state(first)[0] == "deferred")
        assert room.state(first) == ("deferred", "sender_not_believed")
        assert room.get(first).bounced_at is None
        later = TUESDAY + timedelta(hours=1)
        room.outbox = room.new_outbox()
        with courier(room) as one:
            for _ in range(5):
                one.serve(later)
        assert room.state(second)[0] == "ready"
        with room.sessions.begin() as session:
            assert list(pacing.sender_pauses(session)) == ["news.example"]
            let_sender_send(session, "news.example", by="anna", now=later)
        believed.set()
        room.outbox = room.new_outbox()
        with courier(room) as one:
            serve_until(one, later, lambda: states(room) == {"sent": 2})


def test_what_is_under_way_when_the_process_ends_is_told_by_its_journal(room: Mailroom) -> None:
    silence = threading.Event()

    def hang(phase: str, argument: str) -> str | None:
        if phase == "dot":
            silence.wait(30)
        return None

    with ScriptedSmtp(hang) as server:
        [delivery] = queue(room, "Anna")
        with courier(room, url=server.url) as one:
            serve_until(one, TUESDAY, lambda: server.connections > 0 and one.drain())
            threading.Event().wait(0.5)
        silence.set()
    sweep(room.sessions, room.new_outbox(), now=TUESDAY)
    assert room.state(delivery)[0] in ("uncertain", "ready")
