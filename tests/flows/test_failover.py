"""Another transport takes over at once, whatever the first one dies of, and hands back when it is well."""

import threading

import pytest
from sqlalchemy import text

from bench.faults._server import FaultyServer
from nurture.files.vault import Vault
from nurture.store import transports
from tests.conftest import TUESDAY
from tests.flows.couriers import NOBODY_THERE, add, courier, queue, serve_until, states
from tests.flows.mailroom import RING, Mailroom
from tests.mail.scripted_smtp import Hang, ScriptedSmtp
from tests.sinks import SmtpSink


def carriers(room: Mailroom) -> dict[str, int]:
    with room.sessions() as session:
        rows = session.execute(
            text("SELECT transport, count(*) FROM delivery_attempt WHERE outcome = 'sent' GROUP BY 1")
        )
        return {row[0]: row[1] for row in rows}


def sentence_of(room: Mailroom, key: str) -> str:
    with room.sessions() as session:
        row = transports.by_key(session, key)
        assert row is not None
        return transports.health(session)[row.id].sentence


def let_it_be_tried(room: Mailroom) -> None:
    with room.sessions.begin() as session:
        session.execute(text("UPDATE transport_health SET retry_at = clock_timestamp()"))
    room.outbox._rests_until.clear()


def test_a_transport_that_dies_in_the_middle_of_a_chunk_leaves_the_rest_to_another_at_once(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    def die_after_two(phase: str, who: str) -> str | None:
        if phase == "connect" and len(dying.log) >= 2:
            return "421 4.3.2 closed for today"
        if phase == "mail" and len(dying.log) >= 2:
            raise Hang
        return None

    with ScriptedSmtp(die_after_two) as dying:
        spare = add(room, "spare", server.url)
        # Over one connection, so that it is the third mail and no other at which it dies.
        add(room, "first", dying.url, is_default=True, fallback_id=spare, connections=1)
        queue(room, *(f"Lead{n}" for n in range(6)))
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: states(room) == {"sent": 6})
            assert carriers(room) == {"first": 2, "spare": 4}
            assert "127.0.0.1" in sentence_of(room, "first")

            dying.on = lambda phase, who: None
            let_it_be_tried(room)
            sent = 6
            while sentence_of(room, "first"):
                sent += 1
                assert sent < 200, "it is never tried again"
                queue(room, f"Later{sent}")
                serve_until(one, TUESDAY, lambda: states(room) == {"sent": sent})  # noqa: B023
                threading.Event().wait(0.05)
            tried_with = carriers(room)["first"]
            queue(room, "Anna", "Bert", "Cora")
            serve_until(one, TUESDAY, lambda: states(room) == {"sent": sent + 3})
        assert tried_with == 3, "one mail was enough to see it"
        assert carriers(room)["first"] == 6, "it hands back"
    people = [*server.recipients(), *dying.recipients()]
    assert len(people) == len(set(people)) == sent + 3


def test_a_login_that_is_refused_is_another_transports_turn(room: Mailroom, server: ScriptedSmtp) -> None:
    with SmtpSink(login=("anna", "right")) as sink:
        spare = add(room, "spare", server.url)
        settings = {"host": "127.0.0.1", "port": sink.port, "tls": "off", "user": "anna"}
        sealed = Vault(RING).seal("wrong")
        add(room, "first", NOBODY_THERE, settings=settings, sealed=sealed, is_default=True, fallback_id=spare)
        queue(room, "Anna", "Bert")
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: states(room) == {"sent": 2})
    assert carriers(room) == {"spare": 2}
    assert "refuses the login" in sentence_of(room, "first")


@pytest.mark.parametrize(
    ("tls", "words"), [("implicit", "No encrypted connection"), ("required", "STARTTLS")]
)
def test_encryption_that_fails_is_another_transports_turn(
    room: Mailroom, server: ScriptedSmtp, tls: str, words: str
) -> None:
    """A certificate that nobody vouches for; and a server that offers no encryption at all."""
    unvouched = FaultyServer(seed=1, calm=True)
    with ScriptedSmtp() as plain:
        port = unvouched.port if tls == "implicit" else plain.port
        spare = add(room, "spare", server.url)
        settings = {"host": "127.0.0.1", "port": port, "tls": tls}
        add(room, "first", NOBODY_THERE, settings=settings, is_default=True, fallback_id=spare)
        queue(room, "Anna", "Bert")
        with courier(room) as one:
            serve_until(one, TUESDAY, lambda: states(room) == {"sent": 2})
        assert plain.log == []
    unvouched.close()
    assert carriers(room) == {"spare": 2}
    assert words in sentence_of(room, "first")
    assert unvouched.taken == []
